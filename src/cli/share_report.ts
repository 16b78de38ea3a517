import { plain } from '../config/quote.ts';
import { describeBrake } from '../share/brake_words.ts';
import type { CycleReport } from '../share/cycle.ts';
import type { PlannedStep } from '../share/dry_run.ts';
import type { JobReport } from '../share/outcome.ts';
import { table } from './output.ts';

/** A cycle as a small table with a line below it for everything that waits or failed. */
export function describeCycle(report: CycleReport): string {
  const rows = report.jobs.map((job) => [
    job.job,
    String(job.standing?.selected ?? ''),
    String(job.standing?.mirrored ?? ''),
    String(job.created),
    String(job.faces),
    String(job.people),
    String(job.links),
    String(total(job.withdrawn)),
  ]);
  const heading = ['job', 'selected', 'mirrored', 'new', 'faces', 'people', 'links', 'taken back'];
  return table([heading, ...rows], new Set([1, 2, 3, 4, 5, 6, 7])) + report.jobs.map(describeRest).join('') +
    report.brakes.map((brake) => `\n${describeBrake(brake)}\n\n`).join('') +
    `${outcomeOf(report)} in ${report.seconds.toFixed(1)} s\n`;
}

function outcomeOf({ brakes, complete }: CycleReport): string {
  if (brakes.length > 0) return 'stopped by the brake; everything else is done';
  return complete ? 'done' : 'done, with failures';
}

const PENDING_WORDS: Readonly<Record<string, string>> = Object.freeze({
  metadata: 'for metadata',
  thumbnail: 'for thumbnails',
  edit: 'for the edited picture',
  clip: 'for smart search',
  faces: 'for face detection',
  ocr: 'for text recognition',
});

/** What of a job is not mirrored, and why. Empty when everything is. */
function describeRest(job: JobReport): string {
  const { standing } = job;
  const lines: string[] = [];
  for (const [kind, assets] of Object.entries(standing?.pending ?? {})) {
    lines.push(`${assets} waiting ${PENDING_WORDS[kind] ?? kind} by Immich`);
  }
  for (const [reason, assets] of Object.entries(standing?.skipped ?? {})) lines.push(`${assets} skipped: ${reason}`);
  if (standing !== undefined && standing.withdrawn > 0) {
    lines.push(`${standing.withdrawn} removed by the target, not shared again`);
  }
  if (standing !== undefined && standing.next > 0) lines.push(`${standing.next} became ready meanwhile, next cycle`);
  const changes: [number, string][] = [
    [job.albumEntries, 'put into the album'],
    [job.facesUpdated, 'faces updated'],
    [job.facesRemoved, 'faces removed'],
    [job.peopleUpdated, 'people updated'],
    [job.peopleRemoved, 'people removed'],
    [job.livePhotosLinked, 'live photos linked'],
    [job.stacks, 'stacks updated'],
    [job.rowsUpdated, 'photos brought up to date'],
    [job.filesUpdated, 'photos whose files were linked anew'],
    [job.embeddings, 'embeddings copied'],
  ];
  lines.push(...changes.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`));
  for (const [reason, count] of Object.entries(job.withdrawn)) lines.push(`${count} taken back: ${reason}`);
  lines.push(...job.failures.map((failure) => `! ${failure}`));
  return lines.map((line) => `  ${line}\n`).join('');
}

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
        lines(step.plan.skips, (item) => `! ${step.job}: ${quote(item.sourcePath)}: ${item.detail}`);
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

function total(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
