import { existsSync } from 'node:fs';
import { named } from '../config/words.ts';
import { codeOf } from '../files/problem.ts';
import { LEDGER_NAME } from '../writeback/ledger/open.ts';
import { fail, type Verdict } from './finding.ts';
import { lookAtLedger } from './ledger.ts';
import type { Subject } from './subject.ts';
import { assertSetUp } from './write_sample.ts';

/** The directory of the ledger, and the ledger in it. */
export async function lookAtState(subject: Subject): Promise<readonly Verdict[]> {
  const config = await subject.config.use();
  assertSetUp(config);
  const { stateDirectory } = config.write;
  const problem = writeProblem(stateDirectory);
  if (problem === undefined) return [lookAtLedger(stateDirectory)];
  return [fail(
    `The ledger cannot be written in ${named(stateDirectory)} (${problem}).`,
    'Let the user who runs this program own that directory and what is in it, or set WRITE_STATE_DIR to another one.',
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
