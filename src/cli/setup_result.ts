import type { SetupResult } from '../setup/apply.ts';
import { isInContainer } from '../setup/container.ts';
import { describeSetup } from '../setup/describe.ts';
import type { Prompter } from '../setup/prompter.ts';
import type { PreparedSetup } from '../setup/setup.ts';
import { invocation } from './invocation.ts';
import type { Environment } from './output.ts';

export const NOTHING_CHANGED = 'Nothing was changed.';
export const NOTHING_TO_DO = 'Everything is as it should be; there is nothing to change.';
export const STOPPED = `Stopped. ${NOTHING_CHANGED}`;

/** Shows somebody what will be done, and asks; undefined when they do not want it. See PreparedSetup.apply. */
export async function applyIfWanted(
  { plan, files, apply }: PreparedSetup,
  prompter: Prompter,
  signal: AbortSignal,
): Promise<SetupResult | undefined> {
  prompter.say(['This will be done:', ...describeSetup(plan, files)].join('\n'), 'info');
  return await prompter.confirm('Do it?', true) ? await apply(signal) : undefined;
}

/** How what was set up is started: by a command, and as a service. */
export interface Ways {
  readonly command: string;
  readonly serve: string;
  readonly reload: string;
}

/** Outside of a container that will run it, and inside of one, it is Compose that is told. */
export function waysOf({ container }: Pick<PreparedSetup, 'container'>, env: Environment): Ways {
  const compose = isInContainer(env) ? 'docker compose -f immich-sidecar.yaml' : 'docker compose';
  if (container !== undefined || isInContainer(env)) {
    return {
      command: `${compose} run --rm immich-sidecar`,
      serve: `${compose} up --detach`,
      reload: `${compose} kill -s SIGHUP immich-sidecar`,
    };
  }
  const command = invocation(env);
  return { command, serve: `${command} serve`, reload: 'systemctl reload immich-sidecar' };
}

export function describeResult(
  { files, jobs }: SetupResult,
  { plan, isTakeoverDue, writes, container }: Pick<PreparedSetup, 'plan' | 'isTakeoverDue' | 'writes' | 'container'>,
  { command, serve, reload }: Ways,
): string[] {
  const kept = files.flatMap(({ backup }) => backup ?? []);
  const steps = [
    ['doctor', 'is everything as it must be?'],
    ...(isTakeoverDue ? [['takeover', 'take over what immich-shared-library has shared']] : []),
    ['sync --dry-run', 'see what will be shared'],
    ['sync', 'share it'],
  ].map(([step = '', what = '']) => [`${command} ${step}`, what] as const);
  const writing = [
    ['write --all --dry-run', 'see every tag that would be written'],
    ['write --all', 'write them'],
    ['undo', 'undo it'],
  ].map(([step = '', what = '']) => [`${command} ${step}`, what] as const);
  return [
    'It is set up.',
    ...(container === undefined ? [] : [
      "Immich's database can only be reached in Immich's network, so a container with this configuration does the rest: compose.yaml of " +
      'immich-sidecar belongs beside it (docs/install_docker.md). ' +
      (container.owner.uid === 0
        ? 'It runs as root, as Immich does, with three of its rights.'
        : `It runs as ${container.owner.uid}:${container.owner.gid}, whose files Immich's are.`),
    ]),
    ...(kept.length === 0 ? [] : [
      `The old files are kept: ${kept.join(', ')}`,
      `If serve is running, tell it: ${reload}, or start it again.`,
    ]),
    ...(jobs.length === 0 && plan.sharedAlbums === undefined && !isTakeoverDue ? [] : [
      "Back up Immich's database before the first sync. Then:",
      ...aligned([...steps, [serve, 'share, and follow every change']]),
    ]),
    ...(writes
      ? [
        'Write into the files:',
        ...aligned(writing),
        'Every night: WRITE_SCHEDULE="0 3 * * *" in .env, and serve, which needs no share for that.',
        'As it changes: WRITE_SCHEDULE=on-change, best with WRITE_TO=sidecar.',
      ]
      : []),
  ];
}

/** The same where the service that will do it is running, and takes it up by itself. */
export function describeTakenUp(
  { files }: SetupResult,
  { isTakeoverDue, writes, dashboardToken }: Pick<PreparedSetup, 'isTakeoverDue' | 'writes' | 'dashboardToken'>,
  { command }: Ways,
): string[] {
  const kept = files.flatMap(({ backup }) => backup ?? []);
  return [
    'It is set up, and the service takes it up by itself.',
    ...(dashboardToken === undefined ? [] : [
      `Your token for this dashboard: ${dashboardToken.reveal()}`,
      'It is shown here only. Sign in with it; it is in .env as HTTP_TOKEN, where another one can be written.',
    ]),
    ...(kept.length === 0 ? [] : [`The old files are kept: ${kept.join(', ')}`]),
    ...(isTakeoverDue ? [`What immich-shared-library has shared is taken over by: ${command} takeover`] : []),
    ...(writes ? [`What would be written into the files: ${command} write --all --dry-run`] : []),
    `Is everything as it must be? ${command} doctor`,
  ];
}

/** Each command with what it is for behind it, or below it where that would be wider than a terminal. */
function aligned(steps: readonly (readonly [command: string, what: string])[]): string[] {
  const width = Math.max(...steps.map(([command]) => command.length));
  const isNarrow = steps.every(([, what]) => width + what.length <= 76);
  return steps.flatMap(([command, what]) =>
    isNarrow ? [`  ${command.padEnd(width)}  ${what}`] : [`  ${command}`, `      ${what}`]
  );
}
