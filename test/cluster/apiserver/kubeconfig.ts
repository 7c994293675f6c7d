/** A kubeconfig for one user, as text. JSON is YAML. */

interface Identity {
  readonly url: string;
  readonly caCertificate: string;
  readonly token: string;
  readonly namespace: string | undefined;
}

export function kubeconfigFor({ url, caCertificate, token, namespace }: Identity): string {
  const name = 'pocket';
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: url, 'certificate-authority-data': Buffer.from(caCertificate).toString('base64') },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace ? { namespace } : {}) } }],
    'current-context': name,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
