import { latin1, type Mistake, type NoFile, utf16 } from './mistake.ts';

const A = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const B = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const L = '11111111-1111-4111-8111-111111111111';

const JOB = `jobs:
  - name: alice to bob
    source_user_id: ${A}
    target_user_id: ${B}
    target_library_id: ${L}
    source_path_prefix: /external_library/alice/
    target_path_prefix: /external_library/bob/.alice/
`;

function yaml(what: string, text: string | Uint8Array, ...says: readonly RegExp[]): Mistake {
  return { what, files: { 'config.yaml': text }, says };
}

const COMPARE = /Compare (?:this line and the one above|it) with config\.example\.yaml/;

/** Whatever stands where a file is read at the start is named, and not waited for. */
const NO_FILES: readonly Mistake[] = ([
  ['pipe', /is a pipe, not a file/],
  ['device', /is a device, not a file/],
  ['huge', /is longer than 16 MiB/],
] as const).flatMap(([kind, complaint]) => {
  const instead: NoFile = { kind };
  return [
    { what: `${kind} as config.yaml`, args: ['status'], files: { 'config.yaml': instead }, says: [complaint] },
    { what: `${kind} as .env`, args: ['status'], files: { '.env': instead }, says: [complaint, /or remove it/] },
    {
      what: `${kind} as the file of a secret`,
      args: ['status'],
      env: { DB_PASSWORD_FILE: 'secret' },
      files: { secret: instead },
      says: [complaint, /Put the secret into that file as its only line/],
    },
    {
      what: `${kind} as the file of certificates`,
      args: ['status'],
      env: { DB_SSL_MODE: 'verify-full', DB_SSL_ROOT_CERT: 'ca.pem' },
      files: { 'ca.pem': instead },
      says: [complaint, /Name a file in PEM format/],
    },
    {
      what: `${kind} as the file of a key for setup`,
      args: ['setup', '--yes', '--api-key-file', 'key'],
      files: { key: instead },
      says: [complaint],
    },
  ];
});

export const WRONG_FILES: readonly Mistake[] = [
  yaml('YAML as Windows saves it', utf16(JOB), /config\.yaml is stored as UTF-16, or is no text: save it as UTF-8/),
  yaml(
    'YAML with one byte for each letter',
    latin1(JOB.replace('alice to', 'zoë to')),
    /is not stored as UTF-8: save it as UTF-8/,
  ),
  yaml(
    'a tab',
    JOB.replace('    source_user', '\tsource_user'),
    /config\.yaml:\d+:\d+\): the file cannot be understood/,
    COMPARE,
  ),
  yaml('no space after a colon', JOB.replace('name: alice', 'name:alice'), /config\.yaml:2:\d+/),
  yaml('the same key twice', `${JOB}db_port: 1\ndb_port: 2\n`, /this key stands here a second time/),
  yaml(
    'a misspelled key',
    JOB.replace('target_library_id', 'target_libary_id'),
    /this key is not known here/,
    /Did you mean target_library_id\?/,
  ),
  yaml('a key of something else', `${JOB}volumes: x\n`, /this key is not known here/),
  yaml('a list instead of settings', '- a\n- b\n', /does not consist of lines like "key: value"/, COMPARE),
  yaml('a job that is no job', 'jobs:\n  - alice\n', /this is not a share/, /below a "-"/),
  yaml(
    'jobs that are no list',
    'jobs:\n  alice: bob\n',
    /this is not a list of shares/,
    /Begin each share with "- name/,
  ),
  yaml(
    'a job without a name',
    JOB.replace('name: alice to bob\n    ', ''),
    /the share has no name/,
    /Give the share a short name/,
  ),
  yaml(
    'two jobs of one name',
    JOB + JOB.slice(6),
    /"alice to bob" is already the name of the share at config\.yaml:2/,
    /a name of its own/,
  ),
  yaml(
    'a list where one value is meant',
    JOB.replace(`source_user_id: ${A}`, `source_user_id: [${A}]`),
    /this is not a single value/,
  ),
  yaml('both names of the list', `${JOB}sync_jobs: []\n`, /are two names for the same list/),
  yaml('a tag', `${JOB}db_password: !secret x\n`, /tags such as !secret or !env are not supported here/),
  yaml('two documents', `${JOB}---\n${JOB}`, /there is a second document/),
  yaml('a bracket that stays open', `${JOB}path_map: {/data: /mnt\n`, /cannot be understood/),
  yaml(
    'a path map with a host path only',
    `${JOB}path_map:\n  data: /mnt\n`,
    /has the path "data", which does not begin with "\/"/,
  ),
  yaml('require that is no group', `${JOB}    require: ignored\n`, /this is not a group of keys/),
  yaml(
    'require with a word that is none',
    `${JOB}    require:\n      clip: maybe\n`,
    /jobs\[0\]\.require\.clip/,
    /auto, required or ignored/,
  ),
  yaml('an empty file', '', /nothing is configured to be shared/),
  {
    what: 'config.yml as Windows saves it',
    files: { 'config.yml': utf16(JOB) },
    says: [/config\.yml is stored as UTF-16/],
  },
  {
    what: 'config.yml with a mistake',
    files: { 'config.yml': JOB.replace('target_library_id', 'target_libary_id') },
    says: [/config\.yml:5:\d+/, /Did you mean target_library_id\?/],
  },
  {
    what: 'config.yaml that is a directory',
    files: { 'config.yaml/': '' },
    says: [/nothing is configured to be shared/],
  },
  {
    what: '.env that is a directory',
    files: { '.env/': '' },
    says: [/\.env .*is a directory, not a file/, /or remove it/],
  },
  { what: '.env as Windows saves it', files: { '.env': utf16('DB_PORT=1\n') }, says: [/\.env .*is stored as UTF-16/] },
  {
    what: '.env with a line that is none',
    files: { '.env': 'DB_PORT 5432\n' },
    says: [/\.env line 1/, /Write NAME=value/],
  },
  {
    what: '.env with an open quotation mark',
    files: { '.env': 'DB_PASSWORD="abc\n' },
    says: [/quotation mark that is not closed/, /single quotes/],
  },
  {
    what: '.env with a dollar sign',
    files: { '.env': 'DB_PASSWORD=pa$word\n' },
    says: [/contains a variable that is not set/, /Put single quotes/],
  },
  {
    what: '.env with typographic quotes',
    files: { '.env': 'DB_HOSTNAME=„database“\n' },
    says: [/\.env line 1.* begins with a quotation mark/],
  },
  { what: '.env with a misspelled name', files: { '.env': 'DB_USERNAM=x\n' }, says: [/Did you mean DB_USERNAME\?/] },
  {
    what: 'a file that is not there',
    args: ['sync', '--config', 'nowhere.yaml'],
    says: [/--config \(command line\): the file .*nowhere\.yaml does not exist/],
  },
  {
    what: 'a directory as configuration',
    args: ['sync', '--config', 'directory'],
    files: { 'directory/': '' },
    says: [/is a directory, not a file/],
  },
  {
    what: 'JSON that is none',
    args: ['sync', '--config', 'c.json'],
    files: { 'c.json': '{"jobs": [' },
    says: [/c\.json:1:\d+.*cannot be understood/],
  },
  {
    what: 'an INI section that nobody knows',
    args: ['sync', '--config', 'c.ini'],
    files: { 'c.ini': '[server]\nDB_PORT=1\n' },
    says: [/\[server\]/, /below \[immich\]/],
  },
  {
    what: 'CONFIG_FILE that leads nowhere',
    env: { CONFIG_FILE: '/nowhere/config.yaml' },
    says: [/CONFIG_FILE \(environment\): the file \/nowhere\/config\.yaml does not exist/],
  },
  ...NO_FILES,
  {
    what: 'a log into a pipe that nobody reads',
    args: ['write', '--all', '--source', 'database'],
    files: { log: { kind: 'pipe' } },
    env: { IMMICH_LOG_FILE: 'log' },
    says: [/The log file .*log cannot be written/, /Set IMMICH_LOG_FILE/],
  },
];
