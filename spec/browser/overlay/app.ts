/**
 * A page with a router in it that sends to one that takes nothing, both in the page. Its style is
 * one that an overlay must not get anything of.
 */
import { answerInspectors, openInspector } from '../../../lib/inspect/overlay/index.web.ts';
import { started } from './stalled.ts';

const counts = { keys: 0, clicks: 0 };

async function start(): Promise<void> {
  const { router, events } = await started('app');
  const { searchParams } = new URL(location.href);
  const origins = searchParams.getAll('origin');
  await answerInspectors(router, { origins });
  document.addEventListener('keydown', () => (counts.keys += 1));
  const button = document.createElement('button');
  button.textContent = 'Look inside';
  button.onclick = () => {
    counts.clicks += 1;
    void openInspector(router, { allow: searchParams.has('control') ? 'control' : 'read' });
  };
  document.body.append(button);
  Object.assign(globalThis, { counts, events, router });
}

void start();
