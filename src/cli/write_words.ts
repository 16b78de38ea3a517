import { plain } from '../config/quote.ts';
import { count } from '../config/words.ts';
import type { Instead } from '../writeback/run/insteads.ts';
import type { Outcome } from '../writeback/outcome.ts';
import { OUTCOME_WORDS } from '../writeback/outcome_words.ts';
import type { WriteReport } from '../writeback/run/report.ts';
import type { TagChange, WritePlan } from '../writeback/tags.ts';
import type { TagValue } from '../writeback/fields/values.ts';
import { table } from './output.ts';

/** One file of a dry run: its path, and a line for each tag that comes (`+`), changes (`~`) or goes (`-`). */
export function describePlan(plan: WritePlan): string {
  return `${plan.isNew ? '+' : '~'} ${quote(plan.path)}\n${plan.changes.flatMap(describeChange).join('')}`;
}

/** A line for each tag, or each entry of a list. */
export function describeChange({ tag, before, after }: TagChange): string[] {
  const line = (sign: string, text: string) => `    ${sign} ${tag}: ${text}\n`;
  if (isList(before ?? []) && isList(after ?? []) && (isList(before) || isList(after))) {
    const [old, now] = [listOf(before), listOf(after)];
    return [
      ...now.filter((entry) => !old.includes(entry)).map((entry) => line('+', entry)),
      ...old.filter((entry) => !now.includes(entry)).map((entry) => line('-', entry)),
    ];
  }
  if (before === null) return [line('+', show(after))];
  if (after === null) return [line('-', show(before))];
  return [line('~', `${show(before)} -> ${show(after)}`)];
}

function isList(value: TagValue | null): value is readonly TagValue[] {
  return Array.isArray(value);
}

function listOf(value: TagValue | null): string[] {
  return (isList(value) ? value : []).map(show);
}

/** Longer values are shown by their beginning. */
const MOST_CHARACTERS = 200;

function show(value: TagValue | null): string {
  const text = plain(JSON.stringify(value));
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** A run for people: how many assets ended how, and what did not end well. */
export function describeRun(report: WriteReport): string {
  const rows = Object.entries(OUTCOME_WORDS).flatMap(([outcome, words]) => {
    const assets = report.outcomes[outcome as Outcome];
    return assets === 0 ? [] : [[String(assets), words]];
  });
  const shown = report.troubles.filter(({ outcome }) => outcome !== 'not-found').slice(0, MOST_TROUBLES);
  const troubles = shown.map(({ path, reason }) => `  ! ${quote(path)}: ${reason}\n`).join('');
  const files = report.dryRun
    ? 'nothing was changed'
    : `${count(report.mediaWritten, 'media file')} and ${count(report.sidecarsWritten, 'sidecar')} written`;
  const leftOut = report.privateLeftOut === 0
    ? ''
    : `${
      count(report.privateLeftOut, 'shared photo')
    } without albums and tags, which others would see; --into-shared writes them\n`;
  const instead = describeInsteads(report.sidecarInstead);
  const otherNames = report.otherNamesKept === 0
    ? ''
    : `${count(report.otherNamesKept, 'file')} had other names (hard links), which keep what they had\n`;
  const rate = report.seconds > 0 ? Math.round(report.assets / report.seconds) : report.assets;
  const state = report.interrupted
    ? 'interrupted, go on with --resume'
    : report.complete
    ? 'done'
    : 'done, with failures';
  return `${
    table([[String(report.assets), 'photos and videos'], ...rows], new Set([0]))
  }${troubles}${instead}${otherNames}${leftOut}` +
    `${state} in ${report.seconds.toFixed(1)} s (${rate}/s): ${files}` +
    `${report.run === undefined ? '' : `; run ${report.run}`}\n`;
}

/** Why sidecars were written instead of the files themselves: a line for each reason. */
export function describeInsteads(insteads: readonly Instead[]): string {
  if (insteads.length === 0) return '';
  const total = insteads.reduce((sum, { files }) => sum + files, 0);
  const rows = insteads.map(({ reason, files, example }) => [String(files), `${reason}: ${quote(example)}`]);
  return `${count(total, 'file')} with everything in a sidecar instead:\n${table(rows, new Set([0]))}`;
}

/** More of them are in the log and in the statistics. */
const MOST_TROUBLES = 20;

/** A path for a terminal: no character of it can act on the terminal. */
function quote(path: string): string {
  return plain(JSON.stringify(path));
}
