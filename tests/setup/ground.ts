import type { Release } from '../harness/database.ts';
import type { FakeKey } from '../harness/fake_immich/administration.ts';
import { capture, type Dialect } from '../harness/fake_immich/captures.ts';
import { fakeLibrary } from '../harness/fake_immich/library.ts';
import type { FakeRequest } from '../harness/fake_immich/routes.ts';
import { FakeImmich, type Fault } from '../harness/fake_immich/server.ts';
import { type Run, run, type RunOptions, type Variables } from '../cli/program.ts';
import { everything } from '../cli/everything.ts';
import { World } from '../share/world.ts';

export const RELEASE_OF: Readonly<Record<Dialect, Release>> = { '2.7.5': 'v2.7.5', '3.1.0': 'v3.1.0' };

/** A key of Bob's, who is no administrator. */
export const BOBS_KEY = 'bobs-key-Tq52hh';
/** A key of the administrator's with one permission. */
export const LIMITED_KEY = 'limited-key-9sXX1';

export interface GroundOptions {
  readonly dialect?: Dialect;
  /** Whether the libraries of the generated world that shares are meant for are there. Default: false. */
  readonly keepsLibraries?: boolean;
}

type Watcher = (request: FakeRequest) => Fault | undefined;

/**
 * What somebody has who is about to set up: an Immich with photos, its API, its directory with a Compose file, and an empty
 * directory to run setup in.
 */
export class Ground implements AsyncDisposable {
  private constructor(
    readonly world: World,
    readonly immich: FakeImmich,
    /** Where setup runs. */
    readonly cwd: string,
    /** The directory of the Compose file. */
    readonly installation: string,
    /** `onRequest` is asked before each answer of Immich. */
    readonly watch: { onRequest?: Watcher | undefined },
  ) {}

  static async open({ dialect = '3.1.0', keepsLibraries = false }: GroundOptions = {}): Promise<Ground> {
    const world = await World.open(RELEASE_OF[dialect], { ownTables: false });
    if (!keepsLibraries) {
      await world.sql`DELETE FROM library WHERE "ownerId" <> ${world.library.users.alice.id}`;
      for (const path of ['external/bob_shared', 'external/carol_shared', 'media/shared']) {
        Deno.removeSync(`${world.directory}/${path}`, { recursive: true });
      }
    }
    const [admin] = await world.sql<{ id: string }[]>`SELECT id FROM "user" WHERE "isAdmin"`;
    const keys = new Map<string, FakeKey>([
      [BOBS_KEY, { userId: world.library.users.bob.id, permissions: ['all'] }],
      [LIMITED_KEY, {
        userId: admin?.id ?? '',
        permissions: capture<{ permissions: string[] }>(dialect, 'api-keys-me').permissions.filter((one) =>
          one !== 'all'
        )
          .concat('user.read', 'library.read'),
      }],
    ]);
    const watch: { onRequest?: Watcher | undefined } = {};
    const immich = new FakeImmich({
      fault: (request) => watch.onRequest?.(request),
      dialect,
      library: { ...fakeLibrary(), userId: admin?.id ?? '' },
      database: world.sql,
      keys,
    });
    const installation = `${world.directory}/immich-app`;
    const cwd = `${world.directory}/sidecar`;
    Deno.mkdirSync(installation);
    Deno.mkdirSync(cwd);
    const ground = new Ground(world, immich, cwd, installation, watch);
    ground.writeInstallation();
    Deno.writeTextFileSync(`${world.directory}/admin.key`, `${immich.apiKey.reveal()}\n`);
    Deno.writeTextFileSync(`${world.directory}/bob.key`, `${BOBS_KEY}\n`);
    return ground;
  }

  get apiKey(): string {
    return this.immich.apiKey.reveal();
  }

  get password(): string {
    return this.world.config.database.password.reveal();
  }

  /** As Immich's documentation says, with an external library in the long form. */
  writeInstallation(): void {
    const { hostname, port, username, name } = this.world.config.database;
    Deno.writeTextFileSync(
      `${this.installation}/docker-compose.yml`,
      `name: immich
services:
  immich-server:
    container_name: immich_server
    image: ghcr.io/immich-app/immich-server:\${IMMICH_VERSION:-release}
    volumes:
      - \${UPLOAD_LOCATION}:/data
      - /etc/localtime:/etc/localtime:ro
      - type: bind
        source: \${EXTERNAL_DIR:-../external}
        target: /external_library
    env_file:
      - .env
    ports:
      - '${new URL(this.immich.url).port}:2283'
  redis:
    image: docker.io/valkey/valkey:9
`,
    );
    Deno.writeTextFileSync(
      `${this.installation}/.env`,
      `UPLOAD_LOCATION=../media
DB_HOSTNAME=${hostname}
DB_PORT=${port}
DB_PASSWORD=${this.password}
DB_USERNAME=${username}
DB_DATABASE_NAME=${name}
TZ=Europe/Vienna
`,
    );
  }

  /** The flags that everything needs which cannot be guessed here. */
  get flags(): readonly string[] {
    return ['--compose', '../immich-app', '--immich-url', this.immich.url, '--api-key-file', '../admin.key'];
  }

  async setup(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> {
    return await this.run(['setup', ...args], options);
  }

  /** Runs the program where setup ran, with nothing in its environment that says anything. */
  async run(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> {
    return await run(args, { cwd: this.cwd, env: this.environment, ...options });
  }

  get environment(): Variables {
    return { DB_WAIT_SECONDS: '0' };
  }

  read(file: '.env' | 'config.yaml'): string {
    return Deno.readTextFileSync(`${this.cwd}/${file}`);
  }

  /** All that setup could change, but for what Immich notes about what was deleted. */
  async everything(): Promise<unknown> {
    const { rows, ...rest } = await everything(this.world);
    return { ...rest, rows: Object.fromEntries(Object.entries(rows).filter(([table]) => !table.endsWith('_audit'))) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.immich[Symbol.asyncDispose]();
    await this.world.close();
  }
}
