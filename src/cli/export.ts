import { resolve } from 'node:path/posix';
import { Command } from 'commander';
import { plain } from '../config/quote.ts';
import { count } from '../config/words.ts';
import { EXIT } from '../errors.ts';
import { exportLibrary } from '../writeback/export/export.ts';
import type { ExportReport } from '../writeback/export/report.ts';
import { type Environment, print, printJson } from './output.ts';
import { shownProgress } from './progress.ts';
import { stopOnSignals } from './signals.ts';
import { withConfiguration } from './with_configuration.ts';

interface ExportFlags {
  readonly update?: boolean;
  readonly includeLocked?: boolean;
  readonly copy?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

/** `immich-sidecar export`: everything out of Immich, in directories that anybody understands. */
export function exportCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('export')
    .description(
      'Export originals with complete sidecars, albums and people into a directory, or have an export follow Immich',
    )
    .argument('<directory>', 'an empty directory, or one with an export; made if it is not there')
    .option('--update', 'have an export that came to its end follow Immich: new, changed, renamed, gone')
    .option(
      '--copy',
      'copies also where hard links would be possible: what is edited there is not edited in the library',
    )
    .option('--include-locked', 'also what is in the locked folders')
    .option('--config <file>', 'settings (default: CONFIG_FILE, config.yaml or immich-sync.conf)')
    .option('--json', 'print the result as JSON; the last line of stdout is one object')
    .addHelpText('after', EXAMPLES)
    .action(async (directory: string, flags: ExportFlags) =>
      onExit(await run(resolve(Deno.cwd(), directory), flags, env))
    );
}

const EXAMPLES = `
Examples:
  immich-sidecar export /mnt/usb/photos             everything, or on with what was interrupted
  immich-sidecar export /mnt/usb/photos --update    only what has changed since
  immich-sidecar export /mnt/photos-too --copy      no hard links into the library

Each user has a directory: photos/2023/2023-07/IMG_1.jpg with IMG_1.jpg.xmp, and
albums/NAME and people/NAME with links. manifest.csv and manifest.json list all
of it with checksums. Files that were not made by an export, or were changed
since, are never replaced or removed. It needs the database (DB_PASSWORD).`;

async function run(directory: string, flags: ExportFlags, env: Environment): Promise<number> {
  return await withConfiguration(env, { ...flags, needJobs: false }, async (config) => {
    using stop = stopOnSignals();
    const report = await exportLibrary(config, {
      directory,
      isUpdate: flags.update === true,
      includesLocked: flags.includeLocked === true,
      isCopy: flags.copy === true,
      signal: stop.signal,
      progress: shownProgress(config.log.format),
    });
    if (flags.json) printJson(report);
    else print(describeExport(report));
    if (report.interrupted) return EXIT.interrupted;
    return report.complete ? EXIT.ok : EXIT.partial;
  });
}

function describeExport({ troubles, troubleCount, ...report }: ExportReport): string {
  const { made, unchanged, removed, verified, mirrors, assets, interrupted } = report;
  const lines = [
    ...troubles.map(({ path, reason }) => `${plain(path)}: ${plain(reason)}`),
    ...(troubleCount > troubles.length ? [`and ${troubleCount - troubles.length} more`] : []),
    `${count(assets, 'photo')}: ${count(made.originals, 'file')}, ${count(made.sidecars, 'sidecar')} and ${
      count(made.links, 'link')
    } made, ${unchanged} as they were, ${removed} removed, ${verified} compared.`,
    ...(mirrors > 0 ? [`${count(mirrors, 'shared photo')} left out, as their originals are exported.`] : []),
    ...(interrupted ? ['It was interrupted: the same command goes on.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}
