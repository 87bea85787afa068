import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import {
  type ContainmentPlan,
  containmentPlanSchema,
  type Simulation,
  simulationSchema,
  type Verification,
  verificationSchema,
} from '../model/containment.ts'
import { change, row, rows, type Store } from './store.ts'

const documentOf = <S extends z.ZodType>(schema: S) => z.object({ document: schema })

/** Stores a plan; false where it exists already (the first one is kept). */
export async function insertPlan(tx: Store, plan: ContainmentPlan): Promise<boolean> {
  const sql = `INSERT INTO plans (id, incident_id, chain_id, document) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`
  return (await change(tx, sql, [plan.id, plan.incidentId, plan.lever.chainId, toJson(plan)])) === 1
}

/** One plan, or undefined. */
export async function findPlan(store: Store, id: string): Promise<ContainmentPlan | undefined> {
  const sql = 'SELECT document FROM plans WHERE id = $1'
  return (await row(store, documentOf(containmentPlanSchema), sql, [id]))?.document
}

/** Plans of an incident, oldest first. */
export async function listPlans(store: Store, incidentId: string): Promise<ContainmentPlan[]> {
  const sql = 'SELECT document FROM plans WHERE incident_id = $1 ORDER BY position'
  const found = await rows(store, documentOf(containmentPlanSchema), sql, [incidentId])
  return found.map(({ document }) => document)
}

/** Plans of incidents that are not over, oldest first. */
export async function listActivePlans(store: Store): Promise<ContainmentPlan[]> {
  const sql = `SELECT document FROM plans JOIN incidents ON incidents.id = incident_id
    WHERE incidents.state IN ('open', 'contained', 'stable') ORDER BY plans.position`
  return (await rows(store, documentOf(containmentPlanSchema), sql)).map(({ document }) => document)
}

/** Stores a simulation of a plan; every one is kept, except identical ones. */
export async function insertSimulation(tx: Store, simulation: Simulation): Promise<void> {
  const sql = `INSERT INTO simulations (plan_id, document) SELECT $1, $2::json
    WHERE NOT EXISTS (SELECT 1 FROM simulations WHERE plan_id = $1 AND document::text = $2::json::text)`
  await change(tx, sql, [simulation.planId, toJson(simulation)])
}

/** Simulations of a plan, oldest first. */
export async function listSimulations(store: Store, planId: string): Promise<Simulation[]> {
  const sql = 'SELECT document FROM simulations WHERE plan_id = $1 ORDER BY position'
  const found = await rows(store, documentOf(simulationSchema), sql, [planId])
  return found.map(({ document }) => document)
}

/** Stores a verification of a plan; every one is kept, except identical ones. */
export async function insertVerification(tx: Store, verification: Verification): Promise<void> {
  const sql = `INSERT INTO verifications (plan_id, document) SELECT $1, $2::json
    WHERE NOT EXISTS (SELECT 1 FROM verifications WHERE plan_id = $1 AND document::text = $2::json::text)`
  await change(tx, sql, [verification.planId, toJson(verification)])
}

/** Verifications of a plan, oldest first. */
export async function listVerifications(store: Store, planId: string): Promise<Verification[]> {
  const sql = 'SELECT document FROM verifications WHERE plan_id = $1 ORDER BY position'
  const found = await rows(store, documentOf(verificationSchema), sql, [planId])
  return found.map(({ document }) => document)
}
