import { Identity, RxmeshError } from '../../index.ts';
import type { Command } from '../command.node.ts';
import { printLine } from '../terminal.node.ts';

/** `rxmesh id`: makes a key file, and shows the ID in it. */
export const id: Command = {
  name: 'id',
  summary: 'shows the ID of a key file, and makes the file with --create',
  positionals: ['<file>'],
  options: {
    create: { text: 'makes the file if there is none, readable for its owner only' },
    json: { text: 'prints a JSON object' },
  },
  notes: [],
  examples: ['rxmesh id node_key.json --create', 'rxmesh listen --port 4000 --key node_key.json'],
  async run({ positionals: [file = ''], values }, terminal) {
    const make = values.has('create');
    const identity = await (make ? Identity.loadOrCreate(file) : existing(file));
    const publicKey = hex(identity.publicKey);
    const line = values.has('json') ? JSON.stringify({ id: identity.id, publicKey }) : identity.id;
    await printLine(terminal, line);
  },
};

/** @throws {Error} as `Identity.load`, with the flag that makes a file which does not exist */
async function existing(file: string): Promise<Identity> {
  try {
    return await Identity.load(file);
  } catch (error) {
    const isMissing = error instanceof Error && error.message.endsWith('does not exist');
    if (isMissing) {
      const text = `${error.message}: --create makes one`;
      throw new RxmeshError('RXMESH_IDENTITY_FILE', text, { cause: error });
    }
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
