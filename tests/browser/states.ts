import { demoConfig } from '../../src/demo/jobs.ts';
import type { Config } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { UserError } from '../../src/errors.ts';
import { FaultError } from '../../src/postgres/faults.ts';
import { problem } from '../../src/problems/problem.ts';
import type { OpenDecisions } from '../../src/service/dashboard/decisions.ts';
import { ServiceState } from '../../src/service/state.ts';
import type { OpenConflict } from '../../src/share/both_ways/conflicts.ts';
import type { FieldValues } from '../../src/share/both_ways/write.ts';
import type { PairSharing } from '../../src/share/explain/because.ts';
import type { PairDetails } from '../../src/share/explain/pair.ts';
import type { NotShared } from '../../src/share/standing/not_shared.ts';
import type { Standing } from '../../src/share/cycle/outcome.ts';
import type { CycleReport, JobReport } from '../../src/share/cycle/report.ts';
import { CYCLE_COUNTS, JOB_COUNTS } from '../../src/share/phases/list.ts';
import { OUTCOMES } from '../../src/writeback/outcome.ts';
import type { WriteReport } from '../../src/writeback/run/report.ts';

export const ALICE = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
export const BOB = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const LIBRARY = '11111111-1111-4111-8111-111111111111';

const PHOTO = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc';

const WRITE_REPORT: WriteReport = {
  run: 1,
  dryRun: false,
  source: 'database',
  modules: ['people'],
  to: 'embed',
  startedAt: '2026-01-01T03:00:00Z',
  seconds: 12,
  assets: 1,
  resumed: 0,
  outcomes: { ...Object.fromEntries(OUTCOMES.map((name) => [name, 0])), failed: 1 } as WriteReport['outcomes'],
  mediaWritten: 0,
  sidecarsWritten: 0,
  privateLeftOut: 0,
  sidecarInstead: [],
  otherNamesKept: 0,
  complete: false,
  interrupted: false,
  troubles: [{
    path: '/photos/private/beach.jpg',
    outcome: 'failed',
    reason: 'ExifTool refuses /photos/private/beach.jpg',
  }],
};

const reason = (criterion: string, name: string, photos: number) => ({
  criterion,
  thing: criterion === 'paths' ? name : PHOTO,
  name: criterion === 'favorites' ? null : name,
  words:
    { 'shared-albums': `in the shared album "${name}"`, people: `a picture of "${name}"`, tags: `tagged "${name}"` }[
      criterion
    ] ?? (criterion === 'paths' ? `below "${name}"` : 'a favourite'),
  photos,
  since: new Date('2026-01-01T03:00:00Z'),
});

/** A pair with reasons of each kind, and more than are shown; one with a single reason. */
const SHARING: readonly PairSharing[] = [
  {
    sourceUserId: ALICE,
    targetUserId: BOB,
    from: 'Alice',
    to: 'Bob',
    by: [
      reason('shared-albums', 'Family', 12_345),
      reason('people', 'Grandma', 1_204),
      reason('tags', 'share/bob', 87),
      reason('favorites', '', 31),
      reason('paths', '/external_library/alice/a directory with a name that is long enough to be broken/2023/', 12),
      ...Array.from({ length: 10 }, (_, index) => reason('shared-albums', `Weekend ${index + 1}`, 9)),
    ],
  },
  { sourceUserId: BOB, targetUserId: ALICE, from: 'Bob', to: 'Alice', by: [reason('shared-albums', 'Family', 1)] },
];

const notShared = (state: NotShared['state'], reason: string, fileName: string): NotShared => ({
  assetId: PHOTO,
  fileName,
  takenAt: new Date('2024-05-06T07:08:09Z'),
  state,
  reason,
  since: state === 'pending' ? null : new Date('2026-01-01T03:00:00Z'),
});

/** What a page about a pair may show. */
export const PAIR: PairDetails = {
  from: 'Alice',
  to: 'Bob',
  by: SHARING[0]?.by ?? [],
  jobs: [{
    name: 'family to bob',
    standing: {
      selected: 12_400,
      mirrored: 12_345,
      pending: { faces: 20, thumbnail: 12 },
      skipped: { missing: 3, duplicate: 18, io: 1 },
      withdrawn: 1,
      next: 0,
    },
    notShared: [
      notShared('pending', 'faces', 'a name that is long enough to be broken on a phone, with IMG_0001.HEIC.jpg'),
      notShared('skipped', 'missing', 'gone.jpg'),
      notShared('skipped', 'duplicate', 'twice.jpg'),
      notShared('skipped', 'io', 'broken.jpg'),
      notShared('withdrawn', '', 'unwanted.jpg'),
    ],
  }],
};

/** What a page of decisions may show. */
export const DECISIONS: OpenDecisions = {
  waiting: [{ job: 'family to bob', photos: 412, since: new Date('2026-01-01T03:00:00Z'), confirmedAt: null }],
  conflicts: [
    conflict('lake.jpg', 'description', { description: 'Lake' }, { description: 'The lake in 1974' }),
    conflict('a name that is long enough to be broken on a phone, with IMG_0001.HEIC.jpg', 'position', {
      latitude: 48.2,
      longitude: 16.4,
      city: 'Vienna',
      country: 'Austria',
    }, { latitude: null, longitude: null }),
  ],
};

function conflict(
  fileName: string,
  field: OpenConflict['field'],
  source: FieldValues['asset_exif'],
  target: FieldValues['asset_exif'],
): OpenConflict {
  return {
    job: 'family to bob',
    targetUserId: BOB,
    fileName,
    field,
    because: 'both-changed',
    sourceAssetId: PHOTO,
    mirrorAssetId: LIBRARY,
    sourceSum: ALICE,
    sum: BOB,
    source: { asset: {}, asset_exif: source },
    target: { asset: {}, asset_exif: target },
  };
}

/** What a service may look like, by name. The reports are what the engine would have made. */
export const STATES: Readonly<Record<string, (state: ServiceState) => void>> = Object.freeze({
  'healthy': (state) => {
    for (let minute = 60; minute > 0; minute--) {
      state.succeeded(report(minute, minute === 60 ? 12_345 : minute % 17 === 0 ? 3 : 0), { sharing: SHARING });
    }
    state.enter('waiting', Date.now() + 42_000);
  },
  'deciding': (state) => {
    const decisions = new Map([['family to bob', { conflicts: 3, waiting: 412 }]]);
    state.succeeded(report(1, 3), { sharing: SHARING, decisions });
    state.enter('waiting', Date.now() + 42_000);
  },
  'starting': (state) => state.enter('working'),
  'copying': (state) => {
    state.enter('working');
    const startedAt = new Date(Date.now() - 60_000).toISOString();
    const figures = { job: 'family to bob', unit: 'photos', done: 1_234, total: 15_000, startedAt } as const;
    state.progressed({ ...figures, perSecond: 45.2, secondsLeft: 305 });
  },
  'writing': (state) => {
    state.succeeded(report(1, 0));
    state.enter('writing');
    const startedAt = new Date(Date.now() - 60_000).toISOString();
    const figures = { job: 'write', unit: 'photos', done: 1_234, total: 15_000, startedAt } as const;
    state.progressed({ ...figures, perSecond: 45.2, secondsLeft: 305 });
  },
  'degraded': (state) => {
    for (let minute = 30; minute > 3; minute--) state.succeeded(report(minute, 0));
    const lost = new FaultError('lost', 'No PostgreSQL answers at immich_postgres:5432.', {
      remedy: 'Check that it is running, and DB_HOSTNAME and DB_PORT.',
    });
    for (let minute = 3; minute > 0; minute--) state.failed(lost, Date.now() - minute * 60_000);
    state.enter('connecting', Date.now() + 8_000);
  },
  'brake': (state) => {
    for (let minute = 5; minute > 1; minute--) state.succeeded(report(minute, 1));
    const brake = {
      job: 'family to bob',
      mirrors: 412,
      total: 12_345,
      reasons: { 'source-offline': 412 },
      isConfigured: true,
      emptyDirectory: '/mnt/photos/alice/family',
    };
    state.succeeded({ ...report(1, 0), complete: false, brakes: [brake] });
    state.enter('waiting', Date.now() + 42_000);
  },
  'troubled': (state) => {
    const where = { job: 'family to bob', assetId: PHOTO, photo: '/photos/private/beach.jpg' };
    const [first, ...others] = report(2, 0).jobs;
    const brake = {
      job: 'family to bob',
      mirrors: 412,
      total: 12_345,
      reasons: { 'source-offline': 412 },
      isConfigured: true,
      emptyDirectory: '/mnt/private/family',
    };
    const problems = [
      problem('missing', { ...where, path: '/photos/private/beach.jpg' }),
      problem('missing', { ...where, path: '/photos/private/beach.xmp' }),
      problem('io', where, 'EIO: /photos/private/beach.jpg'),
    ];
    state.succeeded({
      ...report(2, 0),
      complete: false,
      brakes: [brake],
      jobs: [{ ...first ?? job('family to bob', 0), problems }, ...others],
    });
    const error = new UserError(`Immich keeps its media in "/private/media", and ${PHOTO} lies there.`, {
      problemCode: 'not-named',
      remedy: 'Set UPLOAD_LOCATION to /private/media.',
    });
    state.failed(error, Date.now() - 60_000);
    state.reloaded(error);
    state.wrote(WRITE_REPORT);
    state.writeFailed(error);
    state.enter('connecting', Date.now() + 8_000);
  },
  'paused': (state) => {
    state.succeeded(report(90, 12_345), { sharing: SHARING });
    state.knowPaused(new Date(Date.now() - 3_600_000).toISOString());
    state.enter('waiting', Date.now() + 42_000);
  },
  'standby': (state) => state.enter('standby', Date.now() + 42_000),
});

/** A state of that name, with two jobs, and the configuration it belongs to. */
export function serviceLike(name: string, token?: string): { state: ServiceState; config: Config } {
  const database = {
    hostname: 'h',
    port: 1,
    username: 'u',
    password: new Secret('very secret'),
    name: 'd',
    maxConnections: 1,
  };
  const job = (jobName: string) => ({
    name: jobName,
    kind: 'auto' as const,
    sourceUserId: ALICE,
    targetUserId: BOB,
    targetLibraryId: LIBRARY,
    sourcePathPrefix: '/a/',
    targetPathPrefix: '/b/.c/',
    albumId: undefined,
    placement: 'hardlink' as const,
    includeArchived: false,
    includeHidden: false,
    shareEdited: 'original' as const,
    require: { clip: 'auto' as const, faces: 'auto' as const, ocr: 'auto' as const },
  });
  const demo = demoConfig(database, '/nowhere', [job('family to bob'), job('uploads & <b>more</b>')]);
  const config: Config = {
    ...demo,
    immich: { ...demo.immich, publicUrl: 'https://photos.example.com' },
    write: { ...demo.write, schedule: '0 3 * * *' },
    service: { ...demo.service, token: token === undefined ? undefined : new Secret(token) },
  };
  const state = new ServiceState();
  state.knowUsers(new Map([[ALICE, 'Alice'], [BOB, 'Bob <script>alert(1)</script>']]));
  state.writeScheduled(new Date(Date.now() + 3_600_000));
  STATES[name]?.(state);
  return { state, config };
}

export function report(
  minutesAgo: number,
  created: number,
  jobs: readonly JobReport[] = [job('family to bob', created), job('uploads & <b>more</b>', 0)],
): CycleReport {
  return {
    startedAt: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
    seconds: created > 1_000 ? 31 : 0.006 + created / 10,
    jobs,
    brakes: [],
    problems: [],
    complete: true,
    scope: 'everything',
    ...noneOf(CYCLE_COUNTS),
    hasBacklog: false,
    retries: { photos: 3, nextAt: new Date(Date.now() + 600_000).toISOString() },
  };
}

function noneOf<Count extends string>(names: Readonly<Record<Count, string>>): Record<Count, number> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, 0])) as Record<Count, number>;
}

export function job(name: string, created: number): JobReport {
  const standing: Standing = {
    selected: 12_400,
    mirrored: 12_345,
    pending: { faces: 20, thumbnail: 12 },
    skipped: { missing: 3, duplicate: 18 },
    withdrawn: 2,
    next: 0,
  };
  return {
    job: name,
    ...noneOf(JOB_COUNTS),
    created,
    faces: created * 2,
    links: created * 3,
    rowsUpdated: created,
    embeddings: created,
    withdrawn: {},
    braked: {},
    standing,
    problems: [],
  };
}
