import assert from 'node:assert/strict';
import { ALICE, load, placesOf, problemOf, refused, yamlJob } from './helper.ts';

/** The same settings in every format. */
const SAME: Readonly<Record<string, string>> = {
  'a.yaml': 'immich_api_url: http://nas:2283\nimmich_api_key: k1\ncaption_max_len: 7\nimmich_structured_logs: true\n',
  'b.json':
    '{\n\t"IMMICH_INSTANCE_URL": "http:\\/\\/nas:2283",\n\t"immich_api_key": "k1",\n\t"CAPTION_MAX_LEN": 7,\n\t"IMMICH_STRUCTURED_LOGS": true,\n\t"LOG_LEVEL": null\n}\n',
  'c.ini':
    '; ours\n[immich]\nIMMICH_INSTANCE_URL = http://nas:2283\nimmich_api_key=k1 ; mine\ncaption_max_len = "7"\nimmich_structured_logs = true\n',
  'd.conf':
    'IMMICH_INSTANCE_URL=http://nas:2283\nIMMICH_API_KEY=k1\n[DEFAULT]\nCAPTION_MAX_LEN=7\nIMMICH_STRUCTURED_LOGS=true',
  'e.env':
    'export IMMICH_INSTANCE_URL="http://nas:2283"\nIMMICH_API_KEY=k1 # mine\nCAPTION_MAX_LEN=7\nIMMICH_STRUCTURED_LOGS=true\n',
  '.env.write':
    'IMMICH_INSTANCE_URL=http://nas:2283\nIMMICH_API_KEY=k1\nCAPTION_MAX_LEN=7\nIMMICH_STRUCTURED_LOGS=true\n',
  'plain':
    '# no extension\nIMMICH_INSTANCE_URL=http://nas:2283\nIMMICH_API_KEY=k1\nCAPTION_MAX_LEN=7\nIMMICH_STRUCTURED_LOGS=true\n',
  'ini-like':
    '\n[immich]\nimmich_instance_url=http://nas:2283\nimmich_api_key=k1\ncaption_max_len=7\nimmich_structured_logs=true\n',
  'yaml-like':
    'immich_api_url: http://nas:2283\nimmich_api_key: k1\ncaption_max_len: 7\nimmich_structured_logs: true\n',
  'json-like':
    '  {"immich_api_url": "http://nas:2283", "immich_api_key": "k1", "caption_max_len": 7, "immich_structured_logs": true}',
};

for (const [name, text] of Object.entries(SAME)) {
  Deno.test(`--config ${name} is understood`, () => {
    const config = load({ files: { [name]: text }, configFile: name });
    assert.equal(config.immich.url, 'http://nas:2283');
    assert.equal(config.immich.apiKey?.reveal(), 'k1');
    assert.equal(config.write.captionMaxLength, 7);
    assert.deepEqual(config.log, { level: 'info', format: 'json' });
  });
}

Deno.test('the environment and .env win over a configuration file of any format', () => {
  const files = {
    'x.ini': 'CAPTION_MAX_LEN=1\nIMMICH_PATH_SEGMENTS=1\nDB_PORT=1',
    '.env': 'DB_PORT=2\nCAPTION_MAX_LEN=2',
  };
  const config = load({ files, configFile: 'x.ini', env: { DB_PORT: '3' } });
  assert.deepEqual([config.database.port, config.write.captionMaxLength, config.write.pathSegments], [3, 2, 1]);
});

Deno.test("the predecessor's immich-sync.conf is found, unless there is a config.yaml", () => {
  const conf = { 'immich-sync.conf': '[immich]\nCAPTION_MAX_LEN=5\n' };
  assert.equal(load({ files: conf }).write.captionMaxLength, 5);
  assert.equal(load({ files: { ...conf, 'config.yaml': '' } }).write.captionMaxLength, 2000);
});

Deno.test('jobs can be listed in JSON', () => {
  const job = Object.fromEntries(
    yamlJob().split('\n').flatMap((line) => /^\s*-?\s*(\w+): (.*)$/.exec(line)?.slice(1, 3)).filter((x) => x).reduce<
      string[][]
    >((pairs, word, index) => (index % 2 === 0 ? pairs.push([word ?? '']) : pairs.at(-1)?.push(word ?? ''), pairs), []),
  );
  const { jobs } = load({ files: { 'j.json': JSON.stringify({ jobs: [job] }) }, configFile: 'j.json', needJobs: true });
  assert.deepEqual(jobs.map(({ sourceUserId }) => sourceUserId), [ALICE]);
});

Deno.test('problems say where they stand, whatever the format', () => {
  const place = (name: string, text: string) => problemOf({ files: { [name]: text }, configFile: name }).place;
  assert.equal(place('a.json', '{\n  "DB_PORT": "x"\n}'), 'a.json:2:14');
  assert.equal(place('a.ini', '[immich]\n\ndb_port = x\n'), 'a.ini line 3');
  assert.equal(place('a.env', '\nDB_PORT=x\n'), 'a.env line 2');
});

Deno.test('unknown names are refused in JSON and INI, misspelled ones in .env', () => {
  const found = (name: string, text: string) => placesOf(refused({ files: { [name]: text }, configFile: name }));
  assert.deepEqual(found('a.json', '{"RAINBOW": 1,\n "DB_PROT": 2}'), ['rainbow @ a.json:1:2', 'db_prot @ a.json:2:2']);
  assert.deepEqual(found('a.ini', 'rainbow = 1\n[immich]\nDB_PROT = 2\n[other]\nx = 1\n'), [
    'rainbow @ a.ini line 1',
    'DB_PROT @ a.ini line 3',
    '[other] @ a.ini line 4',
  ]);
  assert.deepEqual(found('a.env', 'RAINBOW=1\nDB_PROT=2\n'), ['DB_PROT @ a.env line 2']);
});

Deno.test('a secret in a file of any format is not shown', () => {
  for (
    const [name, text] of Object.entries({
      'a.json': '{"immich_api_key": "se cret"}',
      'a.ini': 'immich_api_key=se cret',
    })
  ) {
    const error = refused({ files: { [name]: text }, configFile: name });
    assert.doesNotMatch(error.message, /se cret/);
  }
});

Deno.test('an INI list is not a value', () => {
  assert.equal(
    problemOf({ files: { 'a.ini': 'db_port[] = 1\n' }, configFile: 'a.ini' }).message,
    'this is not a single value',
  );
});
