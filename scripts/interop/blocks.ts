import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { block, type ChannelOptions, type NodeId } from 'rxmesh';
import { blockSync } from 'rxmesh/transports/comet';
import type { CometNode } from './comet-node.ts';
import { partsHash } from './merkle.ts';
import { connected, failIf, type Node, until } from './node.ts';

/** A block has this many transactions of a megabyte each. */
const txsPerBlock = 15;
const txBytes = 1_000_000;

type Message = ReturnType<typeof blockSync.codec.decode>;
/** What a message says, and how it was written. */
type Written = Message & { readonly encoded?: Uint8Array };

/** Block sync, with the bytes of what was decoded. */
const written: ChannelOptions<Written> = {
  ...blockSync,
  codec: {
    encode: (message) => blockSync.codec.encode(message),
    decode: (bytes) => ({ ...blockSync.codec.decode(bytes), encoded: bytes.slice() }),
  },
  // An answer is some megabytes: one at a time.
  inbound: block(1),
};

/** The value of a delimited field, and where it ends. */
function delimited(bytes: Uint8Array, tag: number): Uint8Array {
  failIf(bytes[0] !== tag, `the field ${bytes[0] ?? -1}, not ${tag}`);
  let length = 0;
  let at = 1;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[at] ?? 0;
    at += 1;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return bytes.subarray(at, at + length);
  }
}

/** The block in a `Message { BlockResponse block_response = 3 { Block block = 1 } }`. */
function blockIn(message: Uint8Array): Uint8Array {
  return delimited(delimited(message, 0x1a), 0x0a);
}

/** A transaction of random text. */
function transaction(): string {
  const name = randomBytes(8).toString('hex');
  return `${name}=${randomBytes(txBytes / 2).toString('hex')}`;
}

interface BlockMeta {
  readonly block_id: { readonly parts: { readonly hash: string } };
  readonly block_size: string;
  readonly header: { readonly height: string };
}

/** Sends transactions to a node until its chain has `bytesMin` bytes in large blocks. */
async function fill(node: CometNode, bytesMin: number): Promise<readonly BlockMeta[]> {
  const large = new Map<string, BlockMeta>();
  const bytes = (): number =>
    [...large.values()].reduce((sum, { block_size: size }) => sum + Number(size), 0);
  while (bytes() < bytesMin) {
    const before = large.size;
    for (let nth = 0; nth < txsPerBlock; nth += 1) {
      const tx = Buffer.from(transaction()).toString('base64');
      await node.rpc('broadcast_tx_sync', { tx });
    }
    await until('a large block', async () => {
      const { block_metas: metas } = await node.rpc<{ block_metas: BlockMeta[] }>('blockchain');
      for (const meta of metas) {
        if (Number(meta.block_size) > txBytes) large.set(meta.header.height, meta);
      }
      return large.size > before;
    });
  }
  return [...large.values()];
}

/** Asks for blocks of at least `bytesMin` bytes, and compares each with the hash in its chain. */
export async function fetchBlocks(node: CometNode, bytesMin: number): Promise<string> {
  const metas = await fill(node, bytesMin);
  let next: (() => void) | undefined;
  let [blocks, bytes] = [0, 0];
  const wrong: string[] = [];
  const take = (encoded: Uint8Array, height: string, hash: string): void => {
    const found = Buffer.from(partsHash(blockIn(encoded)))
      .toString('hex')
      .toUpperCase();
    if (found !== hash) wrong.push(`block ${height} has the hash ${found}, and not ${hash}`);
    blocks += 1;
    bytes += encoded.length;
    next?.();
  };
  const prepare = ({ router }: Node): void => {
    const sync = router.openChannel(written);
    let waiting = [...metas];
    sync.in$.subscribe(({ message }) => {
      if (message.kind === 'noBlockResponse') wrong.push(`no block ${message.height}`);
      if (message.kind !== 'blockResponse' || message.encoded === undefined) return;
      const height = String(message.block?.header?.height);
      const meta = waiting.find(({ header }) => header.height === height);
      waiting = waiting.filter((other) => other !== meta);
      if (meta === undefined) wrong.push(`block ${height}, which was not asked for`);
      else take(message.encoded, height, meta.block_id.parts.hash);
    });
    const ask = (to: NodeId): void => {
      const [meta] = waiting;
      if (meta === undefined) return;
      const height = Number(meta.header.height);
      sync.out.next({ to, message: { kind: 'blockRequest', height } });
    };
    router.peers$.subscribe(({ status, id }) => {
      if (status !== 'up') return;
      next = () => ask(id);
      ask(id);
    });
  };
  const work = async ({ events }: Node): Promise<string> => {
    const beganMs = performance.now();
    await until('all blocks', () => blocks === metas.length || wrong.length > 0);
    failIf(wrong.length > 0, wrong.join(', '));
    const bad = events.filter(({ type }) => type === 'message-dropped' || type === 'peer-down');
    failIf(bad.length > 0, JSON.stringify(bad[0]));
    failIf(bytes < bytesMin, `${bytes} bytes`);
    const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
    return `${blocks} blocks, ${bytes} bytes in ${seconds} s, each with the hash of its parts`;
  };
  return connected(node, work, prepare);
}
