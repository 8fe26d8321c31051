/** A worker with a router in it. */
import { answerInspectors } from '../../../lib/inspect/overlay/index.web.ts';
import { started } from './stalled.ts';

const answers = started('worker').then(({ router }) => answerInspectors(router));

globalThis.addEventListener('message', ({ ports: [port] }) => {
  if (port !== undefined) void answers.then((each) => each.accept(port));
});
