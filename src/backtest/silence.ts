import type { Judgement, Kind, SilentKind } from '../calibrate/judged.ts'

/** The kind of a transaction, with its chain. */
export type KindOnChain = Kind & { chainId: number }

/** Counts of a file's benign transactions without findings, by kind. */
export type Silence = { file: string; kinds: Map<string, SilentKind> }

export function newSilence(file: string): Silence {
  return { file, kinds: new Map() }
}

export function countSilent(
  { file, kinds }: Silence,
  { chainId, size, mev }: KindOnChain,
  train: boolean,
): void {
  const key = `${chainId} ${size} ${mev} ${train}`
  const known = kinds.get(key)
  if (known === undefined) kinds.set(key, { file, chainId, size, mev, train, count: 1 })
  else known.count++
}

export function silenceIn({ kinds }: Silence): Pick<Judgement, 'silent' | 'silentKinds'> {
  const silentKinds = [...kinds.values()]
  const sum = (isTrain: boolean): number =>
    silentKinds.reduce((total, { train, count }) => total + (train === isTrain ? count : 0), 0)
  return { silent: { train: sum(true), test: sum(false) }, silentKinds }
}
