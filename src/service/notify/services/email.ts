import { connect } from 'node:net';
import { type NotifyTarget, queryOf } from '../../../config/notify.ts';
import type { Service } from '../service.ts';

const TIMEOUT_MS = 10_000;

/** SMTP. Without TLS from the beginning (mailtos://) STARTTLS is used, and asked for where there is a password. */
export const email: Service = {
  async send({ title, message }, target, signal) {
    // Only who is told by e-mail pays for it.
    const { createTransport } = await import('nodemailer');
    const [username, password] = [target.username?.reveal(), target.password?.reveal()];
    const query = queryOf(target);
    const transport = createTransport({
      host: target.hostname,
      port: target.port,
      secure: target.isEncrypted,
      requireTLS: password !== undefined && query['mode'] !== 'insecure',
      ...(username === undefined || password === undefined ? {} : { auth: { user: username, pass: password } }),
      // The machine's own name would have to be asked for, which the sandbox does not allow, and is nobody's business.
      name: 'immich-sidecar',
      // The library looks the name up by itself, which needs more than the right to connect to this host and port.
      getSocket: (_options, use) => {
        const socket = connect(target.port, target.hostname);
        socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('the server has not answered in time')));
        socket.once('error', use);
        socket.once('connect', () => {
          socket.removeListener('error', use);
          use(null, { connection: socket });
        });
      },
      disableFileAccess: true,
      disableUrlAccess: true,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    });
    const stop = () => transport.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await transport.sendMail({
        from: { name: 'immich-sidecar', address: senderOf(target) },
        to: query['to'] ?? senderOf(target),
        subject: title,
        text: message || title,
      });
    } finally {
      signal.removeEventListener('abort', stop);
      transport.close();
    }
  },
};

function senderOf(target: NotifyTarget): string {
  const from = queryOf(target)['from'] ?? target.username?.reveal() ?? 'immich-sidecar';
  return from.includes('@') ? from : `${from}@${target.hostname}`;
}
