/** The attackers' process: `attacker.ts <row> <port> <id>`. */
import { rows } from './rows.ts';

const [, , name, port, id = ''] = process.argv;
const row = rows.find((each) => each.name === name);
if (row === undefined) throw new RangeError(`no row ${name}`);
await row.attack({ port: Number(port), id });
