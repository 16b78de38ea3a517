/** A mail that came in. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came. */
  readonly text: string;
}

/** An SMTP server (RFC 5321) that takes every mail and every password, without TLS. */
export class SmtpServer implements AsyncDisposable {
  readonly mails: Mail[] = [];
  /** What AUTH PLAIN said: `\\0user\\0password`. */
  readonly passwords: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #ended: Promise<void>;

  private constructor() {
    this.#listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
    this.#ended = this.#serve();
  }

  static start(): SmtpServer {
    return new SmtpServer();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #serve(): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      talks.push(this.#talk(connection).catch(() => {}).finally(() => this.#open.delete(connection)));
    }
    await Promise.all(talks);
  }

  async #talk(connection: Deno.TcpConn): Promise<void> {
    const say = (line: string) => connection.write(new TextEncoder().encode(`${line}\r\n`));
    let [from, to, data]: [string, string[], string[] | undefined] = ['', [], undefined];
    await say('220 test');
    for await (const line of lines(connection)) {
      if (data !== undefined) {
        if (line !== '.') data.push(line);
        else {
          this.mails.push({ from, to, text: data.join('\n') });
          [to, data] = [[], undefined];
          await say('250 taken');
        }
        continue;
      }
      const [, verb = '', rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
      switch (verb.toUpperCase()) {
        case 'EHLO':
          await say('250-test');
          await say('250 AUTH PLAIN');
          break;
        case 'AUTH':
          this.passwords.push(atob(rest.split(' ')[1] ?? ''));
          await say('235 in');
          break;
        case 'MAIL':
          from = /<(.*?)>/.exec(rest)?.[1] ?? '';
          await say('250 ok');
          break;
        case 'RCPT':
          to.push(/<(.*?)>/.exec(rest)?.[1] ?? '');
          await say('250 ok');
          break;
        case 'DATA':
          data = [];
          await say('354 go on');
          break;
        case 'QUIT':
          await say('221 bye');
          connection.close();
          return;
        default:
          await say('502 unknown');
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // It has ended by itself.
      }
    }
    await this.#ended;
  }
}

async function* lines(connection: Deno.TcpConn): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\r\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
