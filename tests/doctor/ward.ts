import type { Config } from '../../src/config/config.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { Finding, Status } from '../../src/doctor/finding.ts';
import { parseVersion } from '../../src/doctor/releases.ts';
import type { SubjectOptions } from '../../src/doctor/subject.ts';
import type { ServerVersion } from '../../src/immich/api/server.ts';
import type { Release } from '../harness/database.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import type { FakeLibrary } from '../harness/fake_immich/library.ts';
import { libraryFromDatabase } from '../harness/fake_immich/from_database.ts';
import { World } from '../share/world.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

/** A world in which nothing is wrong: shared, with an API key, and libraries that exclude nothing. */
export class Ward implements AsyncDisposable {
  private constructor(
    readonly world: World,
    readonly immich: FakeImmich,
    readonly config: Config,
    readonly library: FakeLibrary,
  ) {}

  static async open(
    { isShared = true, release = 'v3.1.0' }: { readonly isShared?: boolean; readonly release?: Release } = {},
  ): Promise<Ward> {
    const world = await World.open(release, { ownTables: isShared });
    await world.sql`UPDATE library SET "exclusionPatterns" = '{}'`;
    if (isShared) await world.share();
    const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
    const immich = new FakeImmich({
      dialect: release < 'v3' ? '2.7.5' : '3.1.0',
      library,
      version: await notedVersion(world),
    });
    return new Ward(world, immich, {
      ...world.config,
      immich: { url: immich.url, apiKey: immich.apiKey },
      write: {
        ...world.config.write,
        isMentioned: true,
        destination: 'sidecar',
        timeZone: Temporal.Now.timeZoneId(),
        stateDirectory: `${world.directory}/state`,
      },
    }, library);
  }

  /** Another server, whose key has only these permissions, or whose user only this asset. */
  another(
    { permissions = ['all'], only }: { readonly permissions?: readonly string[]; readonly only?: string },
  ): FakeImmich {
    const assets = this.library.assets.filter(({ id }) => only === undefined || id === only);
    return new FakeImmich({ dialect: '3.1.0', library: { ...this.library, assets }, permissions });
  }

  /** What the doctor says, with another configuration or environment where these are given. */
  async examine(changes: Partial<Config> = {}, options: Partial<SubjectOptions> = {}): Promise<Finding[]> {
    return await examine({
      load: () => ({ ...this.config, ...changes }),
      env: {},
      isThorough: false,
      progress: SILENT,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.immich[Symbol.asyncDispose]();
    await this.world.close();
  }
}

async function notedVersion({ sql }: World): Promise<ServerVersion | undefined> {
  const [row] = await sql<{ version: string }[]>`SELECT version FROM version_history ORDER BY "createdAt" DESC LIMIT 1`;
  return parseVersion(row?.version ?? '');
}

const SEVERITY: readonly Status[] = ['skipped', 'ok', 'warn', 'fail'];

/** The worst that each check says, by its name. */
export function worst(findings: readonly Finding[]): Map<string, Status> {
  const byCheck = Map.groupBy(findings, ({ check }) => check);
  return new Map([...byCheck].map(([check, same]) => {
    const levels = same.map(({ status }) => SEVERITY.indexOf(status));
    return [check, SEVERITY[Math.max(...levels)] ?? 'ok'];
  }));
}

/** The checks that say something else than before, and what. */
export function changed(before: readonly Finding[], after: readonly Finding[]): Record<string, Status | undefined> {
  const [was, is] = [worst(before), worst(after)];
  const names = [...new Set([...was.keys(), ...is.keys()])];
  return Object.fromEntries(names.filter((name) => was.get(name) !== is.get(name)).map((name) => [name, is.get(name)]));
}

/** The messages and remedies of one check that are neither ok nor skipped, as one text. */
export function complaints(findings: readonly Finding[], check: string): string {
  return findings
    .filter((finding) => finding.check === check && (finding.status === 'warn' || finding.status === 'fail'))
    .map(({ message, remedy, sql = [] }) =>
      `${message}\n-> ${remedy}\n${sql.map((statement) => `${statement};\n`).join('')}`
    )
    .join('');
}
