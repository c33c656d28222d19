import { createClient } from 'graphql-ws';

const refused = 4403; // how the service closes a socket whose key it does not know

// follow returns the Observable through which GraphiQL hears a subscription. Every one has a socket of its own, opened
// when GraphiQL subscribes and closed when it has heard enough; the headers go with its first message, for browsers send
// none with a socket. A socket that is lost is not opened again by itself: what came meanwhile would be missing unseen.
export function follow(params, headers, onStatus) {
  const url = location.origin.replace(/^http/, 'ws') + '/graphql';
  return {
    subscribe({ next, error, complete }) {
      const client = createClient({
        url,
        connectionParams: headers,
        retryAttempts: 0,
        on: { connected: () => onStatus(200) },
      });
      const fail = (reason) => {
        if (reason.code === refused) onStatus(401);
        error(reason instanceof CloseEvent ? new Error(`the socket was closed: ${reason.code} ${reason.reason}`) : reason);
      };
      return { unsubscribe: client.subscribe(params, { next, error: fail, complete }) };
    },
  };
}
