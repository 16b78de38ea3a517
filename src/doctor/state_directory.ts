import { existsSync } from 'node:fs';
import { bytes, named } from '../config/words.ts';
import { codeOf } from '../files/problem.ts';
import { LEDGER_NAME } from '../writeback/ledger/open.ts';
import { undoBytes } from '../writeback/ledger/look.ts';
import { lookAt } from './directories.ts';
import { fail, type Verdict, warn } from './finding.ts';
import { lookAtLedger } from './ledger.ts';
import type { Subject } from './subject.ts';
import { assertSetUp } from './write_sample.ts';

/** The directory of the ledger, and the ledger in it. */
export async function lookAtState(subject: Subject): Promise<readonly Verdict[]> {
  const config = await subject.config.use();
  assertSetUp(config);
  const { stateDirectory } = config.write;
  const problem = writeProblem(stateDirectory);
  if (problem === undefined) {
    const { space } = await lookAt(stateDirectory);
    return [
      lookAtLedger(stateDirectory),
      ...judgeUndoSpace(stateDirectory, undoBytes(stateDirectory), space?.freeBytes),
    ];
  }
  return [fail(
    `The history cannot be written in ${named(stateDirectory)} (${problem}).`,
    'Let the user who runs this program own that directory and what is in it, or set WRITE_STATE_DIR to another one.',
  )];
}

/** What one run over a large library may keep. */
const LITTLE_BYTES = 1024 ** 3;

/** @param freeBytes on the disk of the ledger; undefined when that is not known */
export function judgeUndoSpace(
  directory: string,
  keptBytes: number,
  freeBytes: number | undefined,
): readonly Verdict[] {
  if (freeBytes === undefined || freeBytes >= LITTLE_BYTES) return [];
  return [warn(
    `${bytes(freeBytes)} are free where the history is (${named(directory)}); what is kept for undo takes ${
      bytes(keptBytes)
    } there, and each run adds to it.`,
    'Make room on that disk, give back what undo of older runs takes (immich-sidecar undo --discard --older-than 90), or set WRITE_UNDO_DAYS.',
  )];
}

/** Why a run could not write its ledger; undefined if it could. Leaves everything as it is. */
function writeProblem(directory: string): string | undefined {
  const ledger = `${directory}/${LEDGER_NAME}`;
  try {
    if (existsSync(ledger)) Deno.openSync(ledger, { read: true, write: true }).close();
    else if (existsSync(directory)) {
      Deno.removeSync(Deno.makeTempFileSync({ dir: directory, prefix: '.immich-sidecar-' }));
    }
    return undefined;
  } catch (error) {
    return codeOf(error) || String(error);
  }
}
