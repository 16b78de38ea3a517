import { Command } from 'commander';
import { plain } from '../config/quote.ts';
import { EXIT, UserError } from '../errors.ts';
import { tellAll } from '../service/notify/start.ts';
import { type Environment, print, printJson } from './output.ts';
import { withConfiguration } from './with_configuration.ts';

interface NotifyOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar notify`: a test message for everybody whom serve would tell. */
export function notifyCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('notify')
    .description('Send a test message to everybody who is to be told (NOTIFY_URLS), and say who got it')
    .option('--json', 'print it as one JSON object (docs/json.md)')
    .option('--config <file>', 'settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: NotifyOptions) => onExit(await notify(env, options)));
}

const EXAMPLES = `
Examples:
  immich-sidecar notify

Exit codes: 0 everybody was told, 2 nobody is to be told, 3 somebody could not be told.`;

async function notify(env: Environment, options: NotifyOptions): Promise<number> {
  return await withConfiguration(env, { ...options, needJobs: false }, async (config) => {
    if (config.service.notify.length === 0) {
      throw new UserError('Nobody is to be told.', {
        problemCode: 'usage',
        remedy: 'Set NOTIFY_URLS to the addresses of those who are (docs/service.md).',
      });
    }
    const told = await tellAll(config);
    if (options.json) printJson({ told: told.map(({ who, problem }) => ({ who, problem: problem ?? null })) });
    else for (const { who, problem } of told) print(plain(`${who}: ${problem ?? 'told'}`) + '\n');
    return told.every(({ problem }) => problem === undefined) ? EXIT.ok : EXIT.partial;
  });
}
