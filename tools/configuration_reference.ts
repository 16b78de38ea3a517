import { comment } from '../src/config/comment.ts';
import {
  JOB_FIELD_NAMES,
  JOB_FIELDS,
  type JobFieldDefinition,
  REASON_FIELD_NAMES,
  REASON_FIELDS,
} from '../src/config/job_fields.ts';
import {
  SHARED_ALBUMS_FIELD_NAMES,
  SHARED_ALBUMS_FIELDS,
  type SharedAlbumsFieldDefinition,
} from '../src/config/shared_albums.ts';
import { type Setting, SETTING_GROUPS, SETTING_NAMES, settingOf } from '../src/config/settings.ts';

/** How wide the comments of `.env.example` may become. */
const COMMENT_WIDTH = 100;

/** The text of `.env.example`: every setting, each commented out with its default or an example. */
export function renderEnvExample(): string {
  const blocks = groups().map(({ heading, settings }) => {
    const title = `# --- ${heading} `;
    const lines = settings.map(([name, setting]) =>
      [...comment(describe(name, setting), COMMENT_WIDTH), `#${name}=${setting.default ?? setting.example ?? ''}`].join(
        '\n',
      )
    );
    return [title.padEnd(COMMENT_WIDTH, '-'), ...lines].join('\n\n');
  });
  const introduction = comment(
    'Copy this file to .env and take the "#" away in front of what you want to set. The values shown are the ' +
      'defaults, or examples where there is no default. Variables of the process environment win over this file; ' +
      'this file wins over the configuration file. docs/configuration.md says more.',
    COMMENT_WIDTH,
  ).join('\n');
  return `${[introduction, ...blocks].join('\n\n')}\n`;
}

/** The text of `docs/configuration.md`. */
export function renderConfigurationPage(): string {
  const tables = groups().map(({ heading, settings }) =>
    `### ${heading}\n\n` + table(
      ['Setting', 'On screens', 'Default', 'What it does'],
      settings.map(([name, setting]) => [
        code(name),
        setting.label,
        setting.default === undefined ? '' : code(setting.default),
        describe(name, setting),
      ]),
    )
  );
  return `${
    [INTRODUCTION, ...tables, JOBS, jobTable(), SELECTION, NEVER_TABLE(), SHARED, sharedTable(), SHARED_RULES, CHECKS]
      .join('\n\n')
  }\n`;
}

function groups(): { heading: string; settings: [string, Setting][] }[] {
  return Object.entries(SETTING_GROUPS).map(([group, heading]) => ({
    heading,
    settings: SETTING_NAMES
      .map((name): [string, Setting] => [name, settingOf(name)])
      .filter(([, setting]) => setting.group === group),
  }));
}

function describe(name: string, { description, secret, yaml }: Setting): string {
  return description + (secret === true ? ` Secret: ${name}_FILE may name a file that contains it.` : '') +
    (yaml === false ? ' Not possible in the YAML file itself.' : '');
}

function jobTable(): string {
  const fields = JOB_FIELD_NAMES.map((name): [string, JobFieldDefinition] => [name, JOB_FIELDS[name]]);
  return table(
    ['Key', 'On screens', 'If it is missing', 'What it does'],
    fields.map(([name, field]) => {
      const missing = field.required === true ? 'a problem' : field.default === undefined ? '' : code(field.default);
      return [code(name), field.label, missing, field.description];
    }),
  );
}

function sharedTable(): string {
  const fields = SHARED_ALBUMS_FIELD_NAMES.map((name): [string, SharedAlbumsFieldDefinition] => [
    name,
    SHARED_ALBUMS_FIELDS[name],
  ]);
  return table(
    ['Key', 'On screens', 'If it is missing', 'What it does'],
    fields.map(([name, field]) => {
      const missing = field.required === true ? 'a problem' : field.default === undefined ? '' : code(field.default);
      return [code(name), field.label, missing, field.description];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const text = (cell: string) => cell.startsWith('`') ? cell : cell.replace(/\/?\w*[_=][\w=/,]*\w|\*\*\/\*/g, code);
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(text)))].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

const INTRODUCTION = `<!-- Written by tools/configuration_reference.ts from src/config/settings.ts. Edit those, then run
     UPDATE_REFERENCE=1 deno test -A tests/config/reference.test.ts -->

# Configuration

Everything is read once at start-up, from three places. The first that has a setting wins:

1. the process environment,
2. the file \`.env\` in the working directory,
3. a configuration file: the one named by \`--config\`, else by \`CONFIG_FILE\`, else \`config.yaml\` or \`immich-sync.conf\` in
   the working directory.

The configuration file is YAML, or JSON (\`.json\`), INI (\`.ini\`, \`.conf\`) or \`NAME=value\` lines (\`.env\`). Jobs can only be listed in
YAML and JSON. In an INI file the settings stand above all sections or below \`[immich]\`; a value with \`#\` or \`;\` in it needs quotes.

In the YAML file a setting has the same name in lower case (\`DB_PORT\` becomes \`db_port\`); in JSON and INI either will do. A setting that is there but
blank counts as not set. Spaces around a value are dropped, except in secrets. \`.env\` is read literally: no \`\${NAME}\` in
it is expanded. [\`.env.example\`](../.env.example) and [\`config.example.yaml\`](../config.example.yaml) are starting points.

A secret can have a file of its own, as Docker secrets do: \`DB_PASSWORD_FILE=/run/secrets/db_password\`. One line
break at the end of that file is ignored. Setting both \`DB_PASSWORD\` and \`DB_PASSWORD_FILE\` in the same place is a
problem; in different places, the order above decides. Secrets are never printed.

## Settings

A setting without a default is optional, but a share needs all of its ids and paths.`;

const JOBS = `## Jobs in the YAML file

The variables above describe at most one share of each kind. A list \`jobs\` (or \`sync_jobs\`, the predecessor's name for it)
describes any number. If the YAML file has such a list, the variables of the two single shares are ignored, and the
log names them.

Paths are as Immich sees them. A missing slash at the end is added. In a \`hardlink\` job neither of the two paths may
contain the other, because the copies would then be shared again. \`require.clip\` means the key \`clip\` below the key
\`require\`.`;

const SELECTION = `## What a job shares

Without \`select\`, a job shares everything that its \`kind\` and \`source_path_prefix\` say. With it, a photo needs one of the reasons that stand
there, wherever it lies: uploads and external libraries alike, if no \`kind\` is given.

\`\`\`yaml
never: {tags: [private]} # for all jobs
jobs:
  - name: family
    source: alice@example.com # e-mail, name or id
    target: bob@example.com
    target_library_id: 44444444-4444-4444-8444-444444444444
    target_path_prefix: /data/shared/bob/.family/
    select: {albums: [Family], people: [Emil, Grandma], tags: [share/bob], favorites: true}
    except: {people: [Gustav]}
    since: 2015-01-01
\`\`\`

- \`select\` is any of, \`except\` and \`never\` are none of, and \`source_path_prefix\`, \`since\`, \`until\`, \`min_rating\` and \`types\` are all of. Days are
  those of the place where a photo was taken.
- Whatever is written there, photos in the locked folder or the trash, and files that Immich does not find, are not shared, and archived and
  hidden ones only with \`include_archived\` and \`include_hidden\`. The motion part of a live photo goes with its photo.
- **Names** are those that the source user sees: albums that they own or that are shared with them (their own photos in them are shared), their people, their tags.
  The very name comes before one that differs in upper and lower case. In \`select\`, \`source\` and \`target\`, a name that fits nothing, or several, is a
  problem of the job, which names what is there with the ids; write the id then. In \`except\` and \`never\` everything counts that has the name.
- A change in Immich is followed in the next cycle: a photo put into an album comes, one taken out goes, as long as no other reason or job means it.
  The [brake](invariants.md) holds back too many withdrawals at once. What was renamed goes on, with one warning; what was deleted, or is shared with the source user no more, selects nothing.
- \`immich-sidecar explain PHOTO\` says why a photo is shared, or what stands against it; \`explain --job NAME\` counts by criterion.
- With people in \`except\` or \`never\`, or \`people_match: only\`, a photo waits until its faces are recognised (at most ten minutes after they were found), so that one on which somebody
  is recognised a moment later is not shared for that moment. Where one of them is not there any more (deleted, merged into somebody else, or after a reset of face detection or recognition), nobody could be left out, and the share stops with a problem until somebody has that name again.
- **Nothing is moved** when \`select\` is added or taken out: a photo that is shared already keeps its place. New ones lie below the target prefix in \`uploads\`, or in a
  directory with the id of their library, with their whole path, so that no two meet. A photo that several jobs of one pair of users mean is shared once; it belongs
  to the job that shared it first as long as that means it.`;

const NEVER_TABLE = () =>
  `### \`never\`\n\nAt the top of the file, beside \`jobs\`: what no job shares.\n\n` + table(
    ['Key', 'On screens', 'What is left out'],
    REASON_FIELD_NAMES.map((name) => [code(name), REASON_FIELDS[name].label, REASON_FIELDS[name].description]),
  );

const SHARED = `## Shared albums

What users share with one another in Immich, they get as photos of their own: in their timeline, search, people and map. With this group, at the top of the
file, Immich's own share dialogue decides, and nobody opens this file again. It can stand alone, or beside \`jobs\`.

\`\`\`yaml
shared_albums:
  albums: all # or names, ids; or {except: [Work]}
  members: all # or users
  directory: /data/shared # libraries are made below
\`\`\``;

const SHARED_RULES =
  `- Each member of an album, viewer, editor or owner, gets what the other members own in it. It works in all directions. A public link makes nobody a member.
- New albums, members and photos are followed in the next cycle. A photo that is taken out of its last album goes in the next one, and too many at once are held back
  by the [brake](invariants.md), for each pair of users. What somebody revokes, a member who is removed or leaves, an album that is deleted or not shared any more, goes however much it is.
- What is in the locked folder, in the trash or hidden is not shared, archived photos only with \`include_archived\`, and what \`never\` names for all shares is not shared here either.
  A shared photo that its receiver puts into an album of their own is not shared on: the owner of the original decides.
- Each pair of users, an owner and a member, is like a job: \`shared albums: Alice → Bob\` is its name in logs, \`status\` and \`--job\`. However many albums they have together, it is one. A photo that is in several
  albums, or that a job means as well, is shared once, and stays while one of them means it.
- **Where it lies**: \`<directory>/<member>/.<owner>\`, with names such as \`bob-3f0c1a2b\`, made of the name and the id when they are first needed, and kept. Each pair has an external library of the member,
  \`Shared by Alice\`, with the import path \`<directory>/<member>\`. It is made through Immich's API when \`IMMICH_API_KEY\` is an administrator's (permission \`library.create\`); after that the key is not needed any
  more. Without a key \`sync\` and \`doctor\` name the pairs that wait for one; a library that is made by hand with this name and import path, and without exclusion patterns, does as well.
- **Several disks**: a hard link cannot lead from one file system, or one bind mount, to another. With a list of directories, originals of a mount (\`UPLOAD_LOCATION\`, \`EXTERNAL_LIBRARY_DIR\`, \`PATH_MAP\`) go to the
  directory that lies on it, and all others to the first. Where none fits, it is a problem of that pair, and \`placement: copy\` copies.
- A name that fits nothing or several is a problem; what is shared stays as it is until it is corrected. What was renamed in Immich goes on to be meant.`;

const CHECKS = `## When something is wrong

The program lists every problem at once, each with the place where it stands, and ends with exit code 2:

\`\`\`text
The configuration has 2 problems:
  - DB_PORT (.env line 4): "54x32" is not a whole number. Write a whole number from 1 to 65535.
  - jobs[0].source_usr_id (config.yaml:14:5): this key is not known here. Did you mean source_user_id?
\`\`\`

In a YAML, JSON or INI file every unknown key is a problem. In \`.env\` and in the environment, where other programs have their own
variables, only a name that is almost one of the settings is.`;
