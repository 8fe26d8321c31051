import { randomBytes } from 'node:crypto';
import type { Validator } from '../interop/validator.ts';

/** Commits a transaction of about `bytes` bytes. Returns the height of its block. */
export async function blockOf(validator: Validator, bytes: number): Promise<number> {
  const text = `${randomBytes(8).toString('hex')}=${randomBytes(bytes >> 1).toString('hex')}`;
  const tx = Buffer.from(text).toString('base64');
  const { height } = await validator.rpc<{ height: string }>('broadcast_tx_commit', { tx });
  return Number(height);
}
