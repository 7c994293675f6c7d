/**
 * A self-signed certificate made at start. kubectl sends bearer tokens over TLS only, and a test tool should not need
 * openssl for that. The few ASN.1 forms an X.509 certificate takes are written out here.
 */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const yearMs = 365 * 24 * 3_600_000;

/** Valid for a year from `nowMs`, for the given host names and IPv4 addresses. */
export function selfSigned(hosts: readonly string[], nowMs: number): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tbs = toBeSigned(publicKey, hosts, nowMs);
  const signature = sign('sha256', tbs, privateKey);
  const certificate = sequence(tbs, sequence(ecdsaWithSha256), bitString(signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(certificate),
  };
}

function toBeSigned(publicKey: KeyObject, hosts: readonly string[], nowMs: number): Buffer {
  const name = sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from('pocket-cluster-ca')))));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    sequence(ecdsaWithSha256),
    name,
    sequence(time(nowMs - 60_000), time(nowMs + yearMs)),
    name,
    spki,
    der(0xa3, sequence(...extensions(spki, hosts))),
  );
}

function extensions(spki: Buffer, hosts: readonly string[]): Buffer[] {
  const keyId = createHash('sha1').update(spki).digest();
  const names = hosts.map((host) =>
    isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
  );
  const digitalSignatureAndCertSign = Buffer.from([0x03, 0x02, 0x02, 0x84]);
  return [
    extension('2.5.29.19', true, sequence(der(0x01, Buffer.from([0xff])))),
    extension('2.5.29.15', true, digitalSignatureAndCertSign),
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.14', false, der(0x04, keyId)),
    extension('2.5.29.17', false, sequence(...names)),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

/** Positive and without a leading zero byte. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes;
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  return bytes < 0x100 ? Buffer.from([0x81, bytes]) : Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]): Buffer => der(0x31, Buffer.concat(parts));
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const bitString = (bytes: Buffer): Buffer => der(0x03, Buffer.concat([Buffer.from([0]), bytes]));

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(text));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

const ecdsaWithSha256 = oid('1.2.840.10045.4.3.2');

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
