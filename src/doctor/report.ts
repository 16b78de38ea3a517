import type { Config, JobConfig, SelectConfig } from '../config/config.ts';
import { VERSION_LINE } from '../version.ts';
import type { Finding } from './finding.ts';

/**
 * What helps with a bug report, and nothing else: kinds, numbers and words that this program chose itself. Each value stands here by its name;
 * messages, which name people, files and hosts, do not. Pure.
 *
 * @param config undefined when it is wrong
 */
export function reportOf(
  findings: readonly Finding[],
  config: Config | undefined,
  { isInContainer }: { readonly isInContainer: boolean },
): unknown {
  return {
    program: VERSION_LINE,
    system: { os: Deno.build.os, processor: Deno.build.arch, deno: Deno.version.deno, isInContainer },
    immich: versionIn(findings, 'immich.version'),
    postgres: versionIn(findings, 'database.connection'),
    findings: findings.map(({ check, status }) => ({ check, status })),
    settings: config === undefined ? 'wrong' : settingsOf(config),
    jobs: config?.jobs.map(shapeOf) ?? [],
  };
}

/** The first number of a version in what a check says when all is well. */
function versionIn(findings: readonly Finding[], check: string): string | undefined {
  const messages = findings.filter((finding) => finding.check === check).map(({ message }) => message);
  return messages.map((message) => /\b\d{1,3}\.\d{1,3}(?:\.\d{1,3})?\b/.exec(message)?.[0]).find((version) =>
    version !== undefined
  );
}

function settingsOf({ database, immich, pathMap, write, service, ...config }: Config): unknown {
  return {
    database: { tls: database.tls?.mode ?? 'disable', maxConnections: database.maxConnections },
    hasApiKey: immich.apiKey !== undefined,
    pathMap: pathMap.length,
    vectorWorkers: config.vectorWorkers,
    syncIntervalSeconds: config.syncIntervalSeconds,
    reconcileHours: config.reconcileHours,
    offlineGraceHours: config.offlineGraceHours,
    brake: config.brake,
    log: config.log,
    write: {
      source: write.source,
      destination: write.destination,
      users: write.userIds.length,
      hasTimeZone: write.timeZone !== undefined,
      isScheduled: write.schedule !== undefined,
      modules: write.modules,
      batchSize: write.batchSize,
      workers: write.workers,
      intoShared: write.intoShared,
      settleSeconds: write.settleSeconds,
      undoDays: write.undoDays,
    },
    service: {
      answersHttp: service.http.port !== 0,
      hasToken: service.token !== undefined,
      tells: service.notify.map(({ service: kind, events }) => ({ kind, events })),
    },
    notes: config.notes.length,
  };
}

function shapeOf(job: JobConfig): unknown {
  const { kind, placement, includeArchived, includeHidden, shareEdited, require, select, except, types, minRating } =
    job;
  return {
    kind,
    placement,
    includeArchived,
    includeHidden,
    shareEdited,
    require,
    hasSourcePath: job.sourcePathPrefix !== undefined,
    hasAlbum: job.albumId !== undefined,
    hasDays: job.since !== undefined || job.until !== undefined,
    types,
    minRating,
    select: select === undefined
      ? undefined
      : { ...countsOf(select), favorites: select.favorites, match: select.peopleMatch },
    except: except === undefined ? undefined : countsOf(except),
  };
}

function countsOf(
  { albums, people, tags, paths }: Pick<SelectConfig, 'albums' | 'people' | 'tags' | 'paths'>,
): Record<string, number> {
  return { albums: albums.length, people: people.length, tags: tags.length, paths: paths.length };
}
