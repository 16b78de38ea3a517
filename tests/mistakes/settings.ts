import { type Mistake } from './mistake.ts';

const UUID = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';

/** One setting, written wrongly in the environment. */
function setting(name: string, value: string, ...says: readonly RegExp[]): Mistake {
  const key = new RegExp(`^  - ${name} \\(environment\\): `, 'm');
  return { what: `${name}=${value.slice(0, 60)}`, env: { [name]: value }, says: [key, ...says] };
}

const NAME_ONLY = /Write only the name or the IP address, such as immich_postgres/;
const FULL_PATH = /Write the full path of a directory/;

export const WRONG_SETTINGS: readonly Mistake[] = [
  // hosts and ports
  setting('DB_HOSTNAME', 'immich_postgres:5432', /has a port at its end/, NAME_ONLY),
  setting('DB_HOSTNAME', '[::1]:5432', /has a port at its end/, NAME_ONLY),
  setting('DB_HOSTNAME', 'postgres://immich_postgres', /is more than the name of a host/, NAME_ONLY),
  setting('DB_HOSTNAME', '“database”', /begins with a quotation mark/, NAME_ONLY),
  setting('DB_HOSTNAME', '"database"', /begins with a quotation mark/, NAME_ONLY),
  setting('DB_HOSTNAME', '‘database’', /begins with a quotation mark/, NAME_ONLY),
  setting('DB_HOSTNAME', 'fe80::1%eth0', /has a zone after "%"/, NAME_ONLY),
  setting('DB_HOSTNAME', 'my database', /is more than the name of a host/, NAME_ONLY),
  setting('DB_HOSTNAME', 'user@database', /the value is more than the name of a host/, NAME_ONLY),
  setting('DB_HOSTNAME', 'a..b', /is not the name of a host/, NAME_ONLY),
  setting(
    'DB_HOSTNAME',
    '/',
    /is not the directory of a socket/,
    /the directory of a socket, such as \/run\/postgresql/,
  ),
  setting('DB_HOSTNAME', '/run/postgresql/.s.PGSQL.5432', /is not the directory of a socket/),
  setting('DB_PORT', 'five', /"five" is not a whole number/, /from 1 to 65535/),
  setting('DB_PORT', '0', /is not between 1 and 65535/),
  setting('DB_PORT', '5432/tcp', /is not a whole number/),
  setting('DB_PORT', '127.0.0.1:5432', /is not a whole number/),
  setting('DB_MAX_CONNECTIONS', '100', /is not between 1 and 10/),
  setting(
    'DB_SSL_MODE',
    'on',
    /is not one of the possible words/,
    /disable, allow, prefer, require, verify-ca or verify-full/,
  ),
  setting('DB_SSL_ROOT_CERT', 'nowhere.pem', /does not exist/, /in PEM format/),
  setting('DB_URL', 'immich_postgres/immich', /does not begin with postgresql:\/\//, /percent-encoded/),
  setting('DB_URL', 'postgresql://immich_postgres/immich', /names no user/),
  setting('DB_URL', 'postgresql://u:p#w@db:5432/immich', /the value is not the address|the value has/, /# is %23/),
  setting('DB_URL', 'postgresql://u:p@db:99999/immich', /the value (?:has a port|is not the address)/),
  setting('HTTP_HOST', '0.0.0.0:8080', /has a port at its end/, /0\.0\.0\.0 for all/),
  setting('HTTP_HOST', 'nas.local', /is not an IP address/, /Write an IP address of this machine/),
  setting('HTTP_HOST', '*', /is not the name of a host/, /0\.0\.0\.0 for all/),
  setting('HTTP_PORT', '8080:8080', /is not a whole number/),
  setting('HTTP_TOKEN', 'short', /the value has fewer than 12 characters/, /12 or more letters and digits/),
  setting('HTTP_TOKEN', 'with spaces in between', /some that no header can carry/),
  setting('HTTP_TOKEN', 'a-long-random-word', /is the example of \.env\.example, which everybody knows/),
  setting('HTTP_ALLOWED_HOSTS', 'https://photos.example.org', /has a part that is more than the name of a host/),
  setting('NOTIFY_URL', 'ntfy.sh/photos', /is not an address that begins with http:\/\/ or https:\/\//),
  setting('NOTIFY_FORMAT', 'gotify', /is not one of the possible words/),
  setting('IMMICH_API_URL', 'immich_server:2283', /is not an address that begins with http:\/\//),
  setting('IMMICH_API_URL', '“http://immich_server:2283”', /is not an address that begins with http:\/\//),
  setting('IMMICH_API_URL', 'http://immich server:2283', /is not an address/),
  setting('IMMICH_API_URL', 'http://fe80::1%eth0:2283', /is not an address/),
  setting('IMMICH_API_KEY', 'a key', /the value contains a space/, /Copy the key again from Immich/),
  setting('IMMICH_API_KEY', 'paste-your-key-here', /is the example of \.env\.example/),
  // directories
  setting(
    'UPLOAD_LOCATION',
    '~/immich/library',
    /begins with "~", which only a shell understands/,
    /Write the directory out/,
  ),
  setting('UPLOAD_LOCATION', '${HOME}/library', /contains "\$\{", and variables are not expanded here/),
  setting('UPLOAD_LOCATION', '/', /is the root directory/),
  setting('UPLOAD_LOCATION_MOUNT', 'data', /does not begin with "\/"/, FULL_PATH),
  setting('UPLOAD_LOCATION_MOUNT', '/data/../photos', /contains a "\." or "\.\." step/),
  setting('EXTERNAL_LIBRARY_MOUNT', '/a//b', /contains "\/\/"/),
  setting('PATH_MAP', '/data:/mnt/photos', /which is not a pair of paths with one "=" between them/, /Immich's first/),
  setting('PATH_MAP', '/data=/mnt/a,/data=/mnt/b', /maps "\/data" twice/),
  setting('PATH_MAP', '/data=mnt', /has the path "mnt", which does not begin with "\/"/),
  setting('WRITE_STATE_DIR', '~/state', /begins with "~"/),
  // jobs
  setting('SOURCE_USER_ID', 'alice', /"alice" is not a UUID/, /Administration > Users/),
  setting('TARGET_USER_ID', 'bob@example.org', /is not a UUID/, /Administration > Users/),
  setting('TARGET_LIBRARY_ID', 'photos', /is not a UUID/, /External Libraries/),
  setting('TARGET_ALBUM_ID', 'https://photos.example.org/albums/1', /is not a UUID/, /open the album/),
  setting('SHARED_PATH_PREFIX', 'external_library/alice', /does not begin with "\/"/, FULL_PATH),
  setting('SHARED_PATH_PREFIX', 'C:\\Photos\\Alice', /does not begin with "\/"/, FULL_PATH),
  setting('TARGET_PATH_PREFIX', '/external_library/alice/bob/', /contain one another/, /outside the source directory/),
  setting('TARGET_USER_ID', 'SAME', /is not a UUID/),
  setting('PLACEMENT', 'link', /is not one of the possible words/, /auto, hardlink, symlink or copy/),
  setting('SHARE_EDITED', 'no', /is not one of the possible words/, /original or skip/),
  setting('INCLUDE_ARCHIVED', 'yes', /is neither true nor false/, /Write true or false/),
  setting('REQUIRE_CLIP', 'true', /is not one of the possible words/, /auto, required or ignored/),
  setting('BRAKE_PERCENT', '50%', /is not a whole number/),
  setting('SYNC_INTERVAL_SECONDS', '5m', /is not a whole number/),
  setting('SYNC_INTERVAL_SECONDS', '99999999999', /is not between/),
  // write-back
  setting('WRITE_TO', 'file', /is not one of the possible words/, /embed, sidecar or both/),
  setting('WRITE_SOURCE', 'db', /is not one of the possible words/, /api or database/),
  setting('WRITE_SCHEDULE', '03:00', /does not have the five fields of cron/, /0 3 \* \* \* is every night at three/),
  setting('WRITE_SCHEDULE', '@daily', /does not have the five fields of cron/),
  setting('WRITE_SCHEDULE', '0 25 * * *', /is not an expression that cron understands/),
  setting('WRITE_WINDOW', '1-6', /is not a span such as 01:00-06:00/),
  setting('WRITE_WINDOW', '03:00-03:00', /has no length/),
  setting('WRITE_MODULES', 'names', /has a word that is none of them/, /people/),
  setting('WRITE_USER_IDS', 'alice, bob', /is not a list of UUIDs/),
  setting('TZ', 'Berlin', /is not the name of a time zone/, /Europe\/Berlin or UTC/),
  setting('TZ', 'GMT+25', /is not the name of a time zone/),
  setting('CAPTION_MAX_LEN', '-1', /is not a whole number/),
  setting('LOG_LEVEL', 'verbose', /is not one of the possible words/),
  setting('LOG_FORMAT', 'logfmt', /is not one of the possible words/),
  // names
  setting('DB_PASWORD', 'x', /this is not the name of a setting/, /Did you mean DB_PASSWORD\?/),
  setting('UPLOAD_LOCATON', '/data', /this is not the name of a setting/, /Did you mean UPLOAD_LOCATION\?/),
  {
    what: 'the same user on both sides',
    env: { TARGET_USER_ID: UUID },
    says: [/the source user and the target user are the same/, /the user who shall see the photos/],
  },
  {
    what: 'half a job',
    env: { TARGET_LIBRARY_ID: '' },
    says: [/TARGET_LIBRARY_ID .* this is not set, but the job "external-library"/],
  },
  {
    what: 'nothing to share',
    env: {
      SHARED_PATH_PREFIX: '',
      SOURCE_USER_ID: '',
      TARGET_LIBRARY_ID: '',
      TARGET_PATH_PREFIX: '',
      TARGET_USER_ID: '',
    },
    says: [/nothing is configured to be shared/, /write a list of jobs into config\.yaml/],
  },
  {
    what: 'a password in two places',
    env: { DB_PASSWORD: 'x', DB_PASSWORD_FILE: 'secret' },
    files: { secret: 'y' },
    says: [/DB_PASSWORD_FILE \(environment\): DB_PASSWORD is set as well/, /Keep one of the two/],
  },
  {
    what: 'a secret in a file that is not there',
    env: { DB_PASSWORD_FILE: '/run/secrets/nothing' },
    says: [/DB_PASSWORD_FILE \(\/run\/secrets\/nothing\): the file does not exist/],
  },
  {
    what: 'an empty file of a secret',
    env: { DB_PASSWORD_FILE: 'secret' },
    files: { secret: '\n' },
    says: [/the file is empty/, /as its only line/],
  },
  {
    what: 'a secret as Windows saves it',
    env: { DB_PASSWORD_FILE: 'secret' },
    files: { secret: new Uint8Array([0xff, 0xfe, 0x61, 0]) },
    says: [/is stored as UTF-16, or is no text: save it as UTF-8/],
  },
  {
    what: 'two addresses of Immich',
    env: { IMMICH_API_URL: 'http://a:2283', IMMICH_INSTANCE_URL: 'http://b:2283' },
    says: [/is a different address, and both names mean the same/, /Keep one of the two/],
  },
];
