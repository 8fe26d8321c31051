/** A page elsewhere that looks into the page in its frame, or into a worker of its own. */
import { openInspector, windowLine } from '../../../lib/inspect/overlay/index.web.ts';

const { searchParams } = new URL(location.href);
const app = searchParams.get('app');

function lookIntoFrame(url: string): void {
  const frame = document.createElement('iframe');
  frame.src = url;
  const look = (): void => {
    const expected = searchParams.get('expected') ?? new URL(url).origin;
    void openInspector(windowLine(frame.contentWindow, expected));
  };
  frame.addEventListener('load', look, { once: true });
  document.body.append(frame);
}

function lookIntoWorker(): void {
  const worker = new Worker('/worker.js');
  void openInspector((port) => worker.postMessage('inspect', [port]));
}

if (app === null) lookIntoWorker();
else lookIntoFrame(app);
