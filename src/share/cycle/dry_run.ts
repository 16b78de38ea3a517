import type { Sql } from '../../postgres/connect.ts';
import { PARTS } from '../selection/candidates.ts';
import type { PlanningContext } from './context.ts';
import type { Job } from '../jobs/job.ts';
import type { FilesPlan } from '../mirrors/files.ts';
import { type AlbumPlan, planAlbum } from '../phases/albums.ts';
import type { EmbeddingsPlan } from '../phases/embedding_queue.ts';
import { planEmbeddings } from '../phases/embeddings.ts';
import { type FaceAssignment, type FacesPlan, planAssignments, planFaces } from '../phases/faces.ts';
import { planMirrorFiles } from '../phases/files.ts';
import { type LivePhotoPlan, planLivePhotos } from '../phases/live_photos.ts';
import { type NewAssetsPlan, planNewAssets } from '../phases/new_assets.ts';
import { type OrphanPlan, planOrphans } from '../phases/orphans.ts';
import { type PeoplePlan, planPeople } from '../phases/people.ts';
import { planRows, type RowsPlan } from '../phases/rows.ts';
import { planStacks, type StackPlan } from '../phases/stacks.ts';
import { planWithdrawals, type WithdrawalPlan } from '../phases/withdrawals.ts';

/** A plan as its phase would consume it. */
export type PlannedStep =
  | { readonly phase: 'withdrawals'; readonly plan: WithdrawalPlan }
  | { readonly phase: 'rows'; readonly job: string; readonly plan: readonly RowsPlan[] }
  | { readonly phase: 'files'; readonly job: string; readonly plan: readonly FilesPlan[] }
  | { readonly phase: 'new-assets'; readonly job: string; readonly plan: NewAssetsPlan }
  | { readonly phase: 'live-photos'; readonly job: string; readonly plan: readonly LivePhotoPlan[] }
  | { readonly phase: 'stacks'; readonly job: string; readonly plan: readonly StackPlan[] }
  | { readonly phase: 'album'; readonly job: string; readonly plan: AlbumPlan }
  | { readonly phase: 'faces'; readonly job: string; readonly plan: FacesPlan }
  | { readonly phase: 'face-assignments'; readonly job: string; readonly plan: readonly FaceAssignment[] }
  | { readonly phase: 'people'; readonly targetUserId: string; readonly plan: PeoplePlan }
  | { readonly phase: 'orphans'; readonly targetUserId: string; readonly plan: readonly OrphanPlan[] }
  | { readonly phase: 'embeddings'; readonly job: string; readonly plan: EmbeddingsPlan };

export type PlanSink = (step: PlannedStep) => void;

/**
 * Makes the plans of one cycle, in the order in which a cycle applies them, and hands each to `sink` as soon as it is
 * there, a page at a time. What a later phase would do with mirrors that do not exist yet is not in them.
 */
export async function planCycle(
  sql: Sql,
  context: PlanningContext,
  jobs: readonly Job[],
  only: Job | undefined,
  sink: PlanSink,
): Promise<void> {
  const { schema } = context;
  sink({ phase: 'withdrawals', plan: await planWithdrawals(sql, context, only) });
  for (const job of jobs) {
    for await (const plan of planRows(sql, context, job)) sink({ phase: 'rows', job: job.name, plan });
    for await (const plan of planMirrorFiles(sql, context, job)) sink({ phase: 'files', job: job.name, plan });
    for (const part of PARTS) {
      for await (const plan of planNewAssets(sql, context, job, part)) {
        sink({ phase: 'new-assets', job: job.name, plan });
      }
    }
    sink({ phase: 'live-photos', job: job.name, plan: await planLivePhotos(sql, job, context.scope) });
    sink({ phase: 'stacks', job: job.name, plan: await planStacks(sql, job, context.scope) });
    const album = await planAlbum(sql, job, context.scope);
    if (album !== undefined) sink({ phase: 'album', job: job.name, plan: album });
    sink({ phase: 'faces', job: job.name, plan: await planFaces(sql, schema, job, context.scope) });
    sink({ phase: 'face-assignments', job: job.name, plan: await planAssignments(sql, schema, job, context.scope) });
  }
  for (const targetUserId of new Set(jobs.map((job) => job.targetUserId))) {
    sink({ phase: 'people', targetUserId, plan: await planPeople(sql, schema, targetUserId) });
    sink({ phase: 'orphans', targetUserId, plan: await planOrphans(sql, schema, targetUserId) });
  }
  for (const job of jobs) {
    for await (const plan of planEmbeddings(sql, context, job)) {
      sink({ phase: 'embeddings', job: job.name, plan });
    }
  }
}
