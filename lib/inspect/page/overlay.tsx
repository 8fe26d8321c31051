/** The inspector over a page of somebody else: in a shadow tree, so that neither sees the other. */
import type { overlayView as OverlayViewFunction } from '../overlay/view.ts';
import { Drawing } from './drawing.tsx';
import style from './style.css';

/** Keys that are typed into the inspector are not the page's. */
const keyEvents = ['keydown', 'keypress', 'keyup'];

/** Opens a modal dialog: the browser keeps the focus in it, and gives it back in the end. */
export const overlayView: typeof OverlayViewFunction = ({ command, onClosed }) => {
  const host = document.createElement('rxmesh-inspector');
  // Rules of the page that match each element end here, and so does what is inherited.
  host.style.setProperty('all', 'initial', 'important');
  const shadow = host.attachShadow({ mode: 'open' });
  // Allowed by every content security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  shadow.adoptedStyleSheets = [sheet];
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-label', 'rxmesh inspector');
  shadow.append(dialog);
  document.body.append(host);
  for (const name of keyEvents) host.addEventListener(name, (event) => event.stopPropagation());

  const drawing = new Drawing({ root: dialog, command, close: () => dialog.close() });
  // Also when the user presses Escape.
  dialog.addEventListener('close', () => {
    drawing.end();
    host.remove();
    onClosed();
  });
  dialog.showModal();
  return { handlers: drawing.handlers, remove: () => dialog.close() };
};
