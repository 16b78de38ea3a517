import { quote } from '../config/quote.ts';
import { Secret } from '../config/secret.ts';
import { applySetup, type SetupResult } from './apply.ts';
import { collect } from './collect.ts';
import { type ContainerAnswer, obstaclesIn } from './container.ts';
import { Dialogue, type GivenAnswers } from './dialogue.ts';
import { type ConfigurationPlace, readExisting } from './existing.ts';
import { NO_IDS, type PlannedFile, plannedFiles } from './files.ts';
import { planSetup, type SetupPlan, withSizes } from './plan.ts';
import { type Prompter, WentBack } from './prompter.ts';
import { checkFiles } from './replace_files.ts';
import type { Session } from './session.ts';

export interface SetupOptions extends ConfigurationPlace {
  readonly home: string;
  /** The answers on the command line. */
  readonly given: GivenAnswers;
  /** Somebody to ask, if there is. */
  readonly prompter: Prompter | undefined;
  readonly onSecret: (secret: Secret) => void;
  /** Whether it is the dashboard on which somebody sets up. */
  readonly offersToken?: boolean;
}

/** What setup would do, and how to do it. */
export interface PreparedSetup {
  readonly plan: SetupPlan;
  /** The files as they will be, but for the ids of what is new. */
  readonly files: readonly PlannedFile[];
  /** Sentences to be shown beside the plan. */
  readonly warnings: readonly string[];
  /** The token of the dashboard that is made, to be shown once. */
  readonly dashboardToken: Secret | undefined;
  /** Whether writing into files was set up. */
  readonly writes: boolean;
  /** Set when it is a container that will run what was set up. */
  readonly container: ContainerAnswer | undefined;
  /** Whether `takeover` is the next thing to do: immich-shared-library has shared something, or is known to have been here. */
  readonly isTakeoverDue: boolean;
  /** Does it. See applySetup. */
  apply(signal: AbortSignal): Promise<SetupResult>;
  /** Puts the last question again, and what follows. */
  again(): Promise<PreparedSetup>;
}

/**
 * Asks everything and plans; changes nothing, but for a test link that is made and removed.
 *
 * Throws Cancelled when somebody stops it, UserError when an answer is wrong or missing and nobody can be asked, ConfigError
 * when what is configured already, or what would be, is not right.
 */
export async function prepareSetup(options: SetupOptions): Promise<PreparedSetup> {
  const existing = readExisting(options);
  for (const secret of [existing.config.immich.apiKey, existing.config.database.password]) {
    if (secret !== undefined) options.onSecret(secret);
  }
  const dialogue = new Dialogue(options.given, options.prompter);
  if (existing.config.jobs.length > 0) {
    const names = existing.config.jobs.map(({ name }) => JSON.stringify(name)).join(', ');
    dialogue.say(`There is a configuration already, with ${names}. Its values are what is proposed.`);
  }
  const { home, onSecret, offersToken = false } = options;
  return await prepareUnlessBack({ dialogue, existing, home, warnings: [], onSecret, offersToken });
}

/** The same, as often as somebody goes back to a question. */
async function prepareUnlessBack(session: Session): Promise<PreparedSetup> {
  while (true) {
    try {
      session.warnings.length = 0;
      return await prepare(session);
    } catch (error) {
      if (!(error instanceof WentBack)) throw error;
      session.dialogue.goBack();
    }
  }
}

async function prepare(session: Session): Promise<PreparedSetup> {
  const { existing, warnings } = session;
  const { answers, server, scans, sizes } = await collect(session);
  const wanted = planSetup(answers, existing, exists);
  const files = plannedFiles(wanted, existing, NO_IDS);
  const sized = await sizes.of(checkFiles(files, existing));
  const plan = withSizes(wanted, sized);
  for (const { name } of plan.jobs) {
    warnings.push(...(sized?.jobs.get(name)?.problems ?? []).map((problem) => `The share ${quote(name)}: ${problem}.`));
  }
  for (const { name, value } of plan.settings) {
    const inShell = existing.environment.get(name)?.value;
    if (inShell !== undefined && inShell !== (value instanceof Secret ? value.reveal() : value)) {
      warnings.push(
        `${name} is set in the environment of this shell, too, and counts for more than .env as long as it is.`,
      );
    }
  }
  const { container } = answers;
  if (container !== undefined) {
    warnings.push(
      ...obstaclesIn(container, files.map(({ path }) => path), Deno.build.os === 'windows' ? null : Deno.uid()),
    );
  }
  const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return {
    plan,
    files,
    warnings,
    dashboardToken: answers.dashboardToken,
    writes: answers.write !== undefined,
    container,
    isTakeoverDue: answers.predecessorPhotos === undefined
      ? plan.jobs.some(({ change }) => change === 'moved')
      : answers.predecessorPhotos > 0,
    apply: (signal) =>
      applySetup(plan, existing, { server, scans }, { signal, stamp: stamp(), owner: container?.owner }),
    again: () => {
      session.dialogue.goBack();
      return prepareUnlessBack(session);
    },
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
