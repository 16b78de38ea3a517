import { comment } from '../src/config/comment.ts';
import { JOB_FIELD_NAMES, JOB_FIELDS, type JobFieldDefinition } from '../src/config/job_fields.ts';
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
      ['Setting', 'Default', 'What it does'],
      settings.map(([name, setting]) => [
        code(name),
        setting.default === undefined ? '' : code(setting.default),
        describe(name, setting),
      ]),
    )
  );
  return `${[INTRODUCTION, ...tables, JOBS, jobTable(), CHECKS].join('\n\n')}\n`;
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
    ['Key', 'If it is missing', 'What it does'],
    fields.map(([name, field]) => {
      const missing = field.required === true ? 'a problem' : field.default === undefined ? '' : code(field.default);
      return [code(name), missing, field.description];
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

A secret can stand in a file of its own, as Docker secrets do: \`DB_PASSWORD_FILE=/run/secrets/db_password\`. One line
break at the end of that file is ignored. Setting both \`DB_PASSWORD\` and \`DB_PASSWORD_FILE\` in the same place is a
problem; in different places, the order above decides. Secrets are never printed.

## Settings

A setting without a default is optional, but a share needs all of its ids and paths.`;

const JOBS = `## Jobs in the YAML file

The variables above describe at most one share of each kind. A list \`jobs\` (or \`sync_jobs\`, the predecessor's name for it)
describes any number. If the YAML file has such a list, the variables of the two single shares are ignored, and the
program says so.

Paths are as Immich sees them. A missing slash at the end is added. In a \`hardlink\` job neither of the two paths may
contain the other, because the copies would then be shared again. \`require.clip\` means the key \`clip\` below the key
\`require\`.`;

const CHECKS = `## When something is wrong

The program lists every problem at once, each with the place where it stands, and ends with exit code 2:

\`\`\`text
The configuration has 2 problems:
  - DB_PORT (.env line 4): "54x32" is not a whole number. Write a whole number from 1 to 65535.
  - jobs[0].source_usr_id (config.yaml:14:5): this key is not known here. Did you mean source_user_id?
\`\`\`

In a YAML, JSON or INI file every unknown key is a problem. In \`.env\` and in the environment, where other programs have their own
variables, only a name that is almost one of the settings is.`;
