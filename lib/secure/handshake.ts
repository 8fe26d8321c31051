import { platformCrypto } from '#platform/crypto';
import { RxmeshError } from '../model/error.ts';
import { nodeIdFromPublicKey } from '../model/id.ts';
import { signHandshake } from '../model/identity.ts';
import { type NodeInfo, validateNodeInfo } from '../model/node-info.ts';
import type { Self } from '../transport/transport.ts';
import { asciiBytes, concatBytes, equalBytes } from './bytes.ts';
import { decodeHello, encodeHello, type Protection } from './hello.ts';
import { type HandshakeSecrets, rxmeshSecrets } from './key-schedule.ts';
import { decodeNodeInfo, encodeNodeInfo, NODE_INFO_BYTES_MAX } from './node-info-codec.ts';
import { aeadRecords, plainRecords, type RecordCipher } from './records.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const PROOF_BYTES: number = KEY_BYTES + SIGNATURE_BYTES;

/** What a side signs begins with which side it is, so a signature cannot be sent back to its maker. */
const DIALER_LABEL: Uint8Array = asciiBytes('rxmesh dialer v1');
const LISTENER_LABEL: Uint8Array = asciiBytes('rxmesh listener v1');

/** What a handshake starts from. */
export interface HandshakeSettings {
  readonly self: Self;
  readonly protection: Protection;
  /** Whether we are the side that dialed. */
  readonly dialed: boolean;
  /** The ephemeral X25519 private key, 32 bytes; unused when `trusted`. Default: a new one. */
  readonly ephemeralSeed?: Uint8Array | undefined;
}

type X25519Key = ReturnType<typeof platformCrypto.freshX25519>;

/** What a handshake ends with. */
export interface ProvenPeer {
  readonly publicKey: Uint8Array;
  readonly nodeInfo: NodeInfo;
  /** For the records that follow. */
  readonly cipher: RecordCipher;
}

/**
 * One side of the handshake (docs/wire.md), frame by frame, without a socket: send `hello`; give the
 * other side's hello to `introduce` and send what it returns; give the answer to `prove`.
 */
export class Handshake {
  /** The frame to send first. */
  readonly hello: Uint8Array;
  readonly #options: HandshakeSettings;
  readonly #ownNodeInfo: Uint8Array;
  /** Absent when nothing is to be proved. */
  readonly #ephemeralKey: X25519Key | undefined;
  #challenge: Uint8Array | undefined;
  #cipher: RecordCipher = plainRecords;

  /** @throws {RxmeshError} `RXMESH_NODE_INFO_INVALID`: our own node info is too long */
  constructor(options: HandshakeSettings) {
    this.#options = options;
    this.#ownNodeInfo = encodeNodeInfo(options.self.nodeInfo);
    const { protection, ephemeralSeed } = options;
    if (protection !== 'trusted') {
      this.#ephemeralKey =
        ephemeralSeed === undefined
          ? platformCrypto.freshX25519()
          : platformCrypto.x25519(ephemeralSeed);
    }
    this.hello = encodeHello(
      protection,
      this.#ephemeralKey?.publicKey ?? new Uint8Array(KEY_BYTES),
    );
  }

  /**
   * Takes the other side's hello; returns our introduction.
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`
   */
  introduce(peerHello: Uint8Array): Uint8Array {
    const { protection, self, dialed } = this.#options;
    const peerKey = decodeHello(peerHello, protection);
    let signature: Uint8Array = new Uint8Array(SIGNATURE_BYTES);
    if (this.#ephemeralKey !== undefined) {
      const secrets = this.#exchange(peerHello, this.#ephemeralKey, peerKey);
      this.#challenge = secrets.challenge;
      if (protection === 'encrypted') this.#cipher = aeadRecords(secrets);
      signature = signHandshake(self.identity, signedBytes(dialed, secrets.challenge));
    }
    return this.#cipher.seal(concatBytes(self.identity.publicKey, signature, this.#ownNodeInfo));
  }

  /**
   * Takes the other side's introduction, after `introduce`.
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`, `RXMESH_SELF_CONNECTION`, `RXMESH_IDENTITY_MISMATCH`
   */
  prove(introduction: Uint8Array): ProvenPeer {
    const proof = this.#openIntroduction(introduction);
    const publicKey = proof.slice(0, KEY_BYTES);
    this.#verify(publicKey, proof.subarray(KEY_BYTES, PROOF_BYTES));
    const peer = nodeIdFromPublicKey(publicKey);
    if (equalBytes(publicKey, this.#options.self.identity.publicKey)) {
      throw new RxmeshError('RXMESH_SELF_CONNECTION', 'the other side is this node', { peer });
    }
    const nodeInfo = decodeNodeInfo(proof.subarray(PROOF_BYTES), peer);
    if (nodeInfo.nodeId !== peer) {
      const message = `the peer's key belongs to ${peer}, but its node info says otherwise`;
      throw new RxmeshError('RXMESH_IDENTITY_MISMATCH', message, { peer });
    }
    try {
      validateNodeInfo(nodeInfo);
    } catch (cause) {
      const message = "the peer's node info is not valid";
      throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause, peer });
    }
    return { publicKey, nodeInfo, cipher: this.#cipher };
  }

  #exchange(peerHello: Uint8Array, ownKey: X25519Key, peerKey: Uint8Array): HandshakeSecrets {
    const { dialed } = this.#options;
    if (equalBytes(peerHello, this.hello)) throw failed('our own hello came back');
    let dhSecret: Uint8Array;
    try {
      dhSecret = ownKey.sharedSecret(peerKey);
    } catch (cause) {
      throw failed("the other side's ephemeral key is a point of low order", cause);
    }
    return rxmeshSecrets({
      dialerHello: dialed ? this.hello : peerHello,
      listenerHello: dialed ? peerHello : this.hello,
      dhSecret,
      dialed,
    });
  }

  #openIntroduction(introduction: Uint8Array): Uint8Array {
    const bytesMax = PROOF_BYTES + NODE_INFO_BYTES_MAX + this.#cipher.overheadBytes;
    if (introduction.length > bytesMax) {
      throw failed(`the introduction has ${introduction.length} bytes, more than ${bytesMax}`);
    }
    let proof: Uint8Array;
    try {
      proof = this.#cipher.open(introduction);
    } catch (cause) {
      throw failed('the introduction does not open', cause);
    }
    if (proof.length < PROOF_BYTES) throw failed('the introduction is too short');
    return proof;
  }

  #verify(publicKey: Uint8Array, signature: Uint8Array): void {
    if (this.#options.protection === 'trusted') {
      if (signature.some((byte) => byte !== 0)) throw failed('a signature where none belongs');
      return;
    }
    if (this.#challenge === undefined) throw failed('an introduction in front of a good hello');
    const signed = signedBytes(!this.#options.dialed, this.#challenge);
    // False also for keys of small order, under which a signature fits anything.
    if (!platformCrypto.ed25519Verify(publicKey, signed, signature)) {
      throw failed('the other side has not proved that it owns its key');
    }
  }
}

function signedBytes(byDialer: boolean, challenge: Uint8Array): Uint8Array {
  return concatBytes(byDialer ? DIALER_LABEL : LISTENER_LABEL, challenge);
}

function failed(message: string, cause?: unknown): RxmeshError {
  return new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause });
}
