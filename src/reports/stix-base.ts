import { v5 as uuidV5 } from 'uuid'
import { canonicalJson } from '../kit/json.ts'
import { inert } from '../kit/text.ts'
import type { Tlp } from '../model/report.ts'
import { defanged } from './escape.ts'

/** A STIX 2.1 object as it is written. */
export type StixObject = Readonly<Record<string, unknown>> & { type: string; id: string }

/** STIX 2.1 §2.9: the namespace of observables; the other is Cordon's own, for everything else. */
const OASIS_NAMESPACE = '00abedb4-aa42-466c-9c01-fed23315a9b7'
const CORDON_NAMESPACE = '6641acaa-274e-42b2-bd0c-b57a21fad9b3'

/** The same object has the same id in every bundle. */
export function objectId(type: string, key: unknown): string {
  return `${type}--${uuidV5(canonicalJson([type, key]), CORDON_NAMESPACE)}`
}

/** The id of an observable, by its identifying properties. */
export function observableId(type: string, contributing: Record<string, unknown>): string {
  return `${type}--${uuidV5(canonicalJson(contributing), OASIS_NAMESPACE)}`
}

/** STIX 2.1 §3.2: RFC 3339 in UTC, milliseconds. */
export function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** A stranger’s text: no markup, no link, no control characters. */
export function said(text: string, max = 1_000): string {
  return defanged(inert(text.trim() === '' ? 'not said' : text, max))
}

export function isRedacted(text: string): boolean {
  return text.startsWith('[redacted: ')
}

/** STIX’s own scale, 0 to 100. */
export function hundredths(confidence: number): number {
  return Math.round(confidence * 100)
}

const TLP_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d'
/** TLP 2.0 for STIX 2.1 (OASIS common objects): these ids are fixed. */
export const TLP_MARKINGS: Readonly<Record<Tlp, string>> = {
  RED: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
  'AMBER+STRICT': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  AMBER: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  GREEN: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  CLEAR: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
}

export function tlpMarking(tlp: Tlp): StixObject {
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: TLP_MARKINGS[tlp],
    created: '2022-10-01T00:00:00.000Z',
    name: `TLP:${tlp}`,
    extensions: { [TLP_EXTENSION]: { extension_type: 'property-extension', tlp_2_0: tlp.toLowerCase() } },
  }
}

/**
 * Fields of the objects that are the same in every bundle. They contain nothing about an incident, so they are
 * TLP:CLEAR.
 */
const FIXED = {
  spec_version: '2.1',
  created: '2026-01-01T00:00:00.000Z',
  modified: '2026-01-01T00:00:00.000Z',
  object_marking_refs: [TLP_MARKINGS.CLEAR],
}

const CORDON = objectId('identity', 'cordon')
export const CORDON_EXTENSION = objectId('extension-definition', 'evm')

export const CORDON_IDENTITY: StixObject = {
  ...FIXED,
  type: 'identity',
  id: CORDON,
  name: 'Cordon',
  description: 'Incident management for protocols on EVM chains. It wrote this bundle.',
  identity_class: 'system',
}

/**
 * Properties that STIX does not define: accounts, transactions and transfers on EVM chains, and the losses of an
 * incident on one.
 */
export const EXTENSION_DEFINITION: StixObject = {
  ...FIXED,
  type: 'extension-definition',
  id: CORDON_EXTENSION,
  created_by_ref: CORDON,
  name: 'Cordon: EVM chains',
  description: 'Accounts, transactions and transfers on EVM chains, and what an incident on one lost.',
  schema: [
    'New observables, every amount a decimal string of base units, every chain CAIP-2.',
    'blockchain-account: value (CAIP-10 with EIP-55 checksum), name; id by value.',
    'blockchain-transaction: chain, hash, block_number, from_ref, to_ref; id by chain and hash.',
    'blockchain-transfer: transaction_ref, from_ref, to_ref, asset (CAIP-10 of the token, or native), token_id, amount, stolen_haircut, stolen_fifo, order; id by transaction_ref and order.',
    'On an incident: chain, severity, state, kind, began, discovered, losses[] {account_ref, asset, token_id, symbol, amount, usd}.',
  ].join(' '),
  version: '1.0.0',
  extension_types: ['new-sco', 'property-extension'],
}
