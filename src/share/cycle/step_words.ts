import { plain } from '../../config/quote.ts';
import { describeProblem } from '../../problems/problem.ts';
import { describeBrake } from '../brake/words.ts';
import type { PlannedStep } from './dry_run.ts';

/** Adds up what a dry run shows. Kinds are words for people, such as `photos to mirror`. */
export interface StepTotals {
  add(kind: string, count: number): void;
  /** For machines: `{ photosToMirror: 12 }`. What is not there is 0. */
  totals(): Record<string, number>;
  summary(): string;
}

export function describeSteps(): StepTotals {
  const counts: Record<string, number> = {};
  return {
    add: (kind, count) => {
      if (count > 0) counts[kind] = (counts[kind] ?? 0) + count;
    },
    totals: () => Object.fromEntries(Object.entries(counts).map(([kind, count]) => [camelCase(kind), count])),
    summary: () => {
      const parts = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
      return parts.length === 0 ? 'nothing to do\n' : `would do: ${parts.join(', ')}; nothing was changed\n`;
    },
  };
}

function camelCase(words: string): string {
  return words.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** One planned step as lines: `+` comes, `-` goes, `~` changes, `!` is left out. Also adds it to `totals`. */
export function describeStep(step: PlannedStep, totals: StepTotals): string {
  switch (step.phase) {
    case 'withdrawals':
      totals.add('mirrors to take back', step.plan.withdrawals.length);
      totals.add('mirrors kept by the brake', step.plan.brakes.reduce((sum, { mirrors }) => sum + mirrors, 0));
      return lines(
        step.plan.withdrawals,
        (item) => `- ${item.jobName}: mirror ${item.mirrorAssetId} (${item.reason})`,
      ) +
        lines(step.plan.brakes, (brake) => `! ${describeBrake(brake)}`);
    case 'rows': {
      const followers = step.plan.filter(({ follow, tables }) => follow.length + tables.length > 0);
      totals.add('photos to bring up to date', followers.length);
      return lines(
        followers,
        (item) => `~ ${step.job}: mirror ${item.mirrorAssetId}: ${[...item.follow, ...item.tables].join(', ')}`,
      );
    }
    case 'files':
      totals.add('photos whose files follow', step.plan.length);
      return lines(step.plan, (item) => `~ ${step.job}: files of ${quote(item.plan.mirrorPath)}`);
    case 'new-assets':
      totals.add('photos to mirror', step.plan.mirrors.length);
      totals.add('photos to leave out', step.plan.skips.length);
      return lines(
        step.plan.mirrors,
        (item) => `+ ${step.job}: ${quote(item.plan.sourcePath)} -> ${quote(item.plan.mirrorPath)}`,
      ) +
        lines(step.plan.skips, (item) => `! ${step.job}: ${describeProblem(item.problem)}`);
    case 'live-photos':
      totals.add('live photos to link', step.plan.length);
      return lines(step.plan, (item) => `~ ${step.job}: link live photo ${item.stillId}`);
    case 'stacks':
      totals.add('stacks to update', step.plan.length);
      return lines(
        step.plan,
        (item) => `~ ${step.job}: stack ${item.mirrorStackId} of ${item.memberIds.length} photos`,
      );
    case 'album':
      totals.add('photos to put into the album', step.plan.mirrorAssetIds.length);
      return lines(step.plan.mirrorAssetIds, (id) => `+ ${step.job}: ${id} into album ${step.plan.albumId}`);
    case 'faces':
      totals.add('faces to remove', step.plan.removedFaces.length);
      totals.add('photos with new faces', step.plan.photosWithNews.length);
      totals.add('faces to update', step.plan.changedFaces.length);
      return lines(step.plan.removedFaces, (face) => `- ${step.job}: face ${face.mirrorFaceId}`) +
        lines(step.plan.photosWithNews, (photo) => `+ ${step.job}: faces of ${photo.mirrorAssetId}`) +
        lines(step.plan.changedFaces, (face) => `~ ${step.job}: face ${face.mirrorFaceId}`);
    case 'face-assignments':
      totals.add('faces to reassign', step.plan.length);
      return lines(step.plan, (item) => `~ ${step.job}: face ${item.mirrorFaceId} -> ${item.personId ?? 'nobody'}`);
    case 'people':
      totals.add('people to update', step.plan.changed.length);
      totals.add('covers to set', step.plan.covers.length);
      return lines(step.plan.changed, (id) => `~ person ${id}`) +
        lines(step.plan.covers, (item) => `~ cover of person ${item.mirrorPersonId}`);
    case 'orphans':
      totals.add('people to remove', step.plan.length);
      return lines(step.plan, (item) => `- person ${item.mirrorPersonId}`);
    case 'embeddings':
      totals.add('embeddings to copy', step.plan.pairs.length);
      return lines(step.plan.pairs, (pair) => `+ ${step.job}: ${step.plan.table} of ${pair.mirrorId}`);
  }
}

function lines<T>(items: readonly T[], describe: (item: T) => string): string {
  return items.map((item) => `${describe(item)}\n`).join('');
}

/** A path for a terminal: quoted, so that no character of it can act on the terminal. */
function quote(path: string): string {
  return plain(JSON.stringify(path));
}
