/** Files in PEM format, made for one test. */
export interface Certificates {
  readonly authority: string;
  /** Of the server, for 127.0.0.1 and nothing else. */
  readonly server: { readonly certificate: string; readonly key: string };
  /** Of the user `with_certificate`. */
  readonly client: { readonly certificate: string; readonly key: string };
}

/** Makes an authority and what it signs, with the program openssl. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const path = (name: string) => `${directory}/${name}`;
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command('openssl', { args, cwd: directory, stdin: 'null' }).output();
    if (!success) throw new Error(`openssl ${args.join(' ')}: ${new TextDecoder().decode(stderr)}`);
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test');
  const sign = async (name: string, subject: string, extension: string) => {
    await Deno.writeTextFile(path(`${name}.ext`), extension);
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
    );
    return { certificate: path(`${name}.pem`), key: path(`${name}.key`) };
  };
  return {
    authority: path('ca.pem'),
    server: await sign('server', '/CN=postgres', 'subjectAltName=IP:127.0.0.1\n'),
    client: await sign('client', '/CN=with_certificate', 'extendedKeyUsage=clientAuth\n'),
  };
}
