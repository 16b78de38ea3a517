import type { DatabaseConfig, TlsConfig } from '../../config/config.ts';
import { quote } from '../../config/quote.ts';
import { Secret } from '../../config/secret.ts';
import { hostAndPort, hostname } from '../../config/hosts.ts';
import type { SettingName } from '../../config/settings.ts';
import { password, wholeNumber, word } from '../../config/values.ts';
import { count } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import { assertImmichDatabase } from '../../immich/instance.ts';
import { connect, disconnect, explainDatabaseError } from '../../postgres/connect.ts';
import { FaultError } from '../../postgres/faults.ts';
import { serverName } from '../../postgres/server_name.ts';
import { detectPredecessor } from '../../share/predecessor/detect.ts';
import type { Answers, DatabaseAnswer } from '../answers.ts';
import type { ComposeFacts } from '../compose/facts.ts';
import type { Server, Session } from '../session.ts';
import { parse } from './server.ts';

interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * How to get into Immich's database. What the Compose file or an earlier run says is not asked again unless it is wrong; a
 * database that cannot be reached from here is accepted, as Docker usually hides it from all but its own network.
 */
export async function askDatabase(
  session: Session,
  compose: ComposeFacts | undefined,
  server: Server,
): Promise<Pick<Answers, 'database' | 'predecessorPhotos'>> {
  const { dialogue, existing, onSecret } = session;
  const warn = (warning: string) => {
    session.warnings.push(warning);
    dialogue.say(warning, 'warning');
  };
  const found = compose?.database;
  /** What our own configuration says, in DB_URL or by itself. */
  const known = <T>(setting: SettingName, part: (database: DatabaseConfig) => T): T | undefined =>
    existing.find('DB_URL') === undefined && existing.find(setting) === undefined
      ? undefined
      : part(existing.config.database);
  /** What was typed last: one wrong answer of four does not take away the others. */
  let typed: DatabaseAnswer | undefined;
  let isAskedFor = found === undefined && known('DB_PASSWORD', ({ password }) => password) === undefined;
  const ask = async (flag: string, message: string, known: string) =>
    isAskedFor || dialogue.has(flag)
      ? await dialogue.text({ flag, message, initial: known, check: (text) => parse(word, text) })
      : known;
  while (true) {
    const username = await ask(
      '--db-user',
      'Database user',
      typed?.username ?? known('DB_USERNAME', ({ username }) => username) ?? found?.username ?? 'postgres',
    );
    const name = await ask(
      '--db-name',
      'Name of the database',
      typed?.name ?? known('DB_DATABASE_NAME', ({ name }) => name) ?? found?.name ?? 'immich',
    );
    const knownPassword = typed?.password ?? known('DB_PASSWORD', ({ password }) => password) ?? found?.password;
    const secret = isAskedFor || knownPassword === undefined || dialogue.has('--db-password-file')
      ? await dialogue.secret({
        flag: '--db-password-file',
        message: `Password of the database user ${username}`,
        help: "It is DB_PASSWORD in Immich's own .env.",
        existing: knownPassword?.reveal(),
        check: (text) => text === '' ? refuseEmpty() : parse(password, text),
      })
      : knownPassword;
    onSecret(secret);
    const address = await askAddress(session, compose, isAskedFor, typed);
    const tls = tlsOf(session, compose);
    const database = { ...address, username, name, password: secret, ...(tls && { tls }) };
    try {
      const reached = await look(database, server);
      const where = serverName(address);
      if (reached === undefined) {
        warn(
          `The database at ${where} cannot be reached from here, so it was not checked. With Docker that is usual: only ` +
            "containers in Immich's network see it. So this program has to run there, too: in a container.",
        );
        return { database, predecessorPhotos: undefined };
      }
      dialogue.say(`The database ${name} at ${where} is Immich's.`, 'success');
      const { predecessorPhotos } = reached;
      if (predecessorPhotos > 0) {
        const photos = count(predecessorPhotos, 'photo');
        warn(
          `immich-shared-library has shared ${photos} here. After setup, "immich-sidecar takeover" takes them over, and nothing ` +
            'is copied again (docs/coming_from.md).',
        );
      }
      return { database, predecessorPhotos };
    } catch (error) {
      if (!(error instanceof UserError) || !dialogue.isAttended) throw nameFlags(error);
      dialogue.say(`${error.message}\n${error.remedy}`, 'warning');
      isAskedFor = true;
      typed = database;
    }
  }
}

/** What our own configuration says of TLS, else how Immich does it. */
function tlsOf({ existing }: Session, compose: ComposeFacts | undefined): TlsConfig | undefined {
  const isSet = existing.find('DB_SSL_MODE') !== undefined || existing.find('DB_URL') !== undefined;
  const mode = compose?.database.tlsMode ?? 'disable';
  return isSet || mode === 'disable' ? existing.config.database.tls : { mode };
}

async function askAddress(
  { dialogue, existing }: Session,
  compose: ComposeFacts | undefined,
  isAskedFor: boolean,
  typed: Address | undefined,
): Promise<Address> {
  const found = compose?.database;
  const { database } = existing.config;
  const known: Address | undefined = typed ??
    (existing.find('DB_HOSTNAME') !== undefined || existing.find('DB_URL') !== undefined
      ? database
      : found?.publishedPort !== undefined && !existing.isInContainer
      ? { hostname: '127.0.0.1', port: found.publishedPort }
      : found);
  if (known !== undefined && !isAskedFor && !dialogue.has('--db-host')) return known;
  return await dialogue.text({
    flag: '--db-host',
    message: 'Host of the database (host or host:port)',
    initial: known === undefined
      ? `${existing.isInContainer ? 'immich_postgres' : 'localhost'}:5432`
      : hostAndPort(known),
    check: (text) => {
      const [, host = '', port = '5432'] = /^(.*?)(?::(\d+))?$/.exec(text.trim()) ?? [];
      return { hostname: parse(hostname, host), port: parse(wholeNumber(1, 65_535), port) };
    },
  });
}

/** Undefined when nobody answers there. Throws UserError when somebody does, and it is not the database of this Immich. */
async function look(
  answer: DatabaseAnswer,
  { me, url }: Server,
): Promise<{ readonly predecessorPhotos: number } | undefined> {
  let sql;
  try {
    sql = await connect({ ...answer, maxConnections: 1 });
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
  try {
    await assertImmichDatabase(sql);
    const [row] = await sql<{ found: boolean }[]>`SELECT EXISTS (SELECT 1 FROM "user" WHERE id = ${me.id}) AS found`;
    if (row?.found === true) return { predecessorPhotos: (await detectPredecessor(sql))?.unknown ?? 0 };
    throw new UserError(
      `The database ${quote(answer.name)} at ${serverName(answer)} belongs to another Immich than ${url}.`,
      {
        problemCode: 'setup-answer',
        remedy: `It does not know the user ${quote(me.name)}. Check the address of Immich and that of the database.`,
      },
    );
  } catch (error) {
    throw explainDatabaseError(error, { ...answer, maxConnections: 1 });
  } finally {
    await disconnect(sql);
  }
}

function refuseEmpty(): Secret {
  throw new UserError('An empty password is not possible.', {
    problemCode: 'setup-answer',
    remedy: "Copy DB_PASSWORD from Immich's own .env.",
  });
}

function nameFlags(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  return new UserError(`--db-host, --db-user, --db-password-file, --db-name: ${error.message}`, {
    problemCode: error.problemCode,
    remedy: error.remedy,
    cause: error,
  });
}
