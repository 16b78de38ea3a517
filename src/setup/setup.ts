import { Secret } from '../config/secret.ts';
import { applySetup, type SetupResult } from './apply.ts';
import { collect } from './collect.ts';
import { Dialogue, type GivenAnswers } from './dialogue.ts';
import { type Place, readExisting } from './existing.ts';
import { NO_IDS, type PlannedFile, plannedFiles } from './files.ts';
import { planSetup, type SetupPlan } from './plan.ts';
import type { Prompter } from './prompter.ts';
import { checkFiles } from './replace_files.ts';

export interface SetupOptions extends Place {
  readonly home: string;
  /** The answers on the command line. */
  readonly given: GivenAnswers;
  /** Somebody to ask, if there is. */
  readonly prompter: Prompter | undefined;
  readonly onSecret: (secret: Secret) => void;
}

/** What setup would do, and how to do it. */
export interface PreparedSetup {
  readonly plan: SetupPlan;
  /** The files as they will be, but for the ids of what is new. */
  readonly files: readonly PlannedFile[];
  /** Sentences to be shown beside the plan. */
  readonly warnings: readonly string[];
  /** Does it. See applySetup. */
  apply(signal: AbortSignal): Promise<SetupResult>;
}

/**
 * Asks everything and plans; changes nothing, but for a test link that is made and removed.
 *
 * Throws Cancelled when somebody stops it, UserError when an answer is wrong or missing and nobody can be asked, ConfigError
 * when what is configured already, or what would be, is not right.
 */
export async function prepareSetup(options: SetupOptions): Promise<PreparedSetup> {
  const existing = readExisting(options);
  const warnings: string[] = [];
  for (const secret of [existing.config.immich.apiKey, existing.config.database.password]) {
    if (secret !== undefined) options.onSecret(secret);
  }
  const dialogue = new Dialogue(options.given, options.prompter);
  if (existing.config.jobs.length > 0) {
    const names = existing.config.jobs.map(({ name }) => JSON.stringify(name)).join(', ');
    dialogue.say(`There is a configuration already, with ${names}. Its values are what is proposed.`);
  }
  const { home, onSecret } = options;
  const { answers, server } = await collect({ dialogue, existing, home, warnings, onSecret });
  const plan = planSetup(answers, existing, exists);
  const files = plannedFiles(plan, existing, NO_IDS);
  checkFiles(files, existing);
  for (const { name, value } of plan.settings) {
    const inShell = existing.environment.get(name)?.value;
    if (inShell !== undefined && inShell !== (value instanceof Secret ? value.reveal() : value)) {
      warnings.push(
        `${name} is set in the environment of this shell, too, and counts for more than .env as long as it is.`,
      );
    }
  }
  const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return {
    plan,
    files,
    warnings,
    apply: (signal) => applySetup(plan, existing, server, { signal, stamp: stamp() }),
  };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
