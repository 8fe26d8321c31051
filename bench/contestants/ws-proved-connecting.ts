import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Connecting } from './connecting.ts';

const algorithm = 'chacha20-poly1305';
const authTagLength = 16;
const nonce = Buffer.alloc(12);
type Role = 'dialer' | 'listener';

/** The server does not track its connections, because rxmesh does that itself. */
export const wsProvedConnecting: Connecting = {
  async listen(onUp) {
    const prove = proverOf('listener');
    const options = { host: '127.0.0.1', port: 0, perMessageDeflate: false, clientTracking: false };
    const server = new WebSocketServer(options);
    server.on('connection', (socket) => {
      prove(socket, onUp);
    });
    await once(server, 'listening');
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },

  dialer(address) {
    const prove = proverOf('dialer');
    return Promise.resolve({
      async connect() {
        const socket = new WebSocket(address, { perMessageDeflate: false });
        await new Promise<void>((resolve) => {
          socket.once('open', () => {
            prove(socket, resolve);
          });
        });
        return {
          close() {
            socket.close();
            return once(socket, 'close');
          },
        };
      },
    });
  },
};

/**
 * Mutual authentication: each side sends an ephemeral key, then a sealed record with its node key
 * and a signature by that key.
 */
function proverOf(own: Role) {
  const node = generateKeyPairSync('ed25519');
  const nodeKey = rawOf(node.publicKey);
  const other = own === 'dialer' ? 'listener' : 'dialer';

  return (socket: WebSocket, onUp: () => void): void => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    socket.send(rawOf(publicKey));
    socket.once('message', (hello: Buffer) => {
      const secret = diffieHellman({ privateKey, publicKey: publicKeyOf('X25519', hello) });
      const derived = Buffer.from(hkdfSync('sha256', secret, '', 'bench', 96));
      const keyOf = (role: Role): Buffer =>
        derived.subarray(...(role === 'dialer' ? [0, 32] : [32, 64]));
      const signed = (role: Role): Buffer =>
        Buffer.concat([derived.subarray(64), Buffer.from(role)]);
      const signature = sign(null, signed(own), node.privateKey);
      socket.send(seal(keyOf(own), Buffer.concat([nodeKey, signature])));
      socket.once('message', (sealed: Buffer) => {
        const proof = open(keyOf(other), sealed);
        const theirs = publicKeyOf('Ed25519', proof.subarray(0, 32));
        if (!verify(null, signed(other), theirs, proof.subarray(32))) throw new Error('not proved');
        socket.on('message', () => undefined);
        onUp();
      });
    });
  };
}

function publicKeyOf(crv: 'X25519' | 'Ed25519', raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv, x: raw.toString('base64url') }, format: 'jwk' });
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function seal(key: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength });
  decipher.setAuthTag(sealed.subarray(-authTagLength));
  return Buffer.concat([decipher.update(sealed.subarray(0, -authTagLength)), decipher.final()]);
}
