/**
 * The page of the inspector. It is a peer of the inspector's router, pulls updates from it, and
 * draws what it knows.
 */
import { render } from 'preact';
import type { Command } from '../view.ts';
import { App } from './app.tsx';
import type { ControlsProps } from './controls.tsx';
import { InspectorLink } from './link.ts';
import { Model } from './model.ts';

/** How often times that pass are drawn anew, if nothing else happens. */
const tickMs = 250;

const model = new Model();
let said: ControlsProps['said'];
let link: InspectorLink | undefined;
let isDue = false;

const root = document.createElement('div');
root.id = 'app';
document.body.append(root);

function draw(): void {
  isDue = false;
  render(
    <App model={model} nowMs={model.nowMs(performance.now())} command={command} said={said} />,
    root,
  );
  document.title = titleOf(model);
}

/** Draws once for all that happens before the next frame. A hidden page draws nothing. */
function drawSoon(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
}

function titleOf({ tables, node }: Model): string {
  const stalled = [...tables.stalls.values()].filter(({ kind }) => kind === 'stalled').length;
  const name = `rxmesh ${node?.id.slice(0, 8) ?? ''}`;
  return stalled === 0 ? name : `(${stalled} stalled) ${name}`;
}

function command(given: Command): void {
  const say = (text: string, isBad: boolean): void => {
    said = { text, isBad };
    drawSoon();
  };
  link?.command(given).then(
    (text) => say(text, false),
    (error: unknown) => say(error instanceof Error ? error.message : String(error), true),
  );
}

async function start(): Promise<void> {
  link = await InspectorLink.open(
    document.body.dataset['inspector'] ?? '',
    new URLSearchParams(location.search).get('token') ?? '',
    {
      state: (state) => {
        if (model.link.name !== 'refused') model.link = state;
        drawSoon();
      },
      begin: () => model.reset(),
      update: (update) => {
        model.apply(update, performance.now());
        drawSoon();
      },
    },
  );
}

draw();
setInterval(drawSoon, tickMs);
start().catch((error: unknown) => {
  model.link = { name: 'refused', why: error instanceof Error ? error.message : String(error) };
  drawSoon();
});
