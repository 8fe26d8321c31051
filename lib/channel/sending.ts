import { Observable } from 'rxjs';
import type { OutboundEnvelope } from '../model/envelope.ts';
import type { RxmeshError } from '../model/error.ts';
import type { SendReport, Sending } from './channel.ts';
import { ChannelSender, type SendingSide } from './sender.ts';

/**
 * The Observable behind `Sending`. `await` does not subscribe to an Observable, so it would
 * silently send nothing; with this class it rejects. RxJS treats it as an Observable and never
 * calls `then`.
 */
class SendWhenSubscribed extends Observable<SendReport> implements Sending {
  then(_resolve: unknown, reject: (error: unknown) => void): void {
    reject(
      new TypeError(
        'send returns an Observable, which sends when subscribed: use `await channel.sendOnce(...)`',
      ),
    );
  }
}

/** See `Channel.send`. */
export function sendOnSubscription<T>(
  side: SendingSide<T>,
  envelope: OutboundEnvelope<T>,
  awaitMs: number,
): Sending {
  return new SendWhenSubscribed((subscriber) => {
    const settled = ({ accepted, dropped }: SendReport, error?: RxmeshError): void => {
      if (error !== undefined) {
        subscriber.error(error);
        return;
      }
      subscriber.next({ accepted, dropped });
      subscriber.complete();
    };
    const sender = new ChannelSender(side, settled, awaitMs, false);
    try {
      if (!sender.send(envelope)) return sender;
    } catch (error) {
      subscriber.error(error);
      return undefined;
    }
    settled(sender);
    return undefined;
  });
}
