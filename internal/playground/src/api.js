import { getOperationAST } from 'graphql';
import { follow } from './live.js';

const storageName = 'kasparro.apiKey';

// The key lives as long as the browser tab: sessionStorage, never localStorage or the address.
export const storedKey = () => sessionStorage.getItem(storageName) ?? '';
export const storeKey = (key) => sessionStorage.setItem(storageName, key);

// newFetcher returns the function through which GraphiQL asks the API. A header typed in the Headers
// editor wins over the key. onStatus is told the HTTP status of every answer.
export function newFetcher(key, onStatus) {
  return (params, options) => {
    const headers = { ...(key && { 'x-api-key': key }), ...options?.headers };
    const operation = options?.documentAST && getOperationAST(options.documentAST, params.operationName);
    return operation?.operation === 'subscription' ? follow(params, headers, onStatus) : ask(params, headers, onStatus);
  };
}

async function ask(params, headers, onStatus) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...headers,
    },
    body: JSON.stringify(params),
  });
  onStatus(response.status);
  return parseAnswer(response, await response.text());
}

function parseAnswer(response, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the server answered ${response.status} ${response.statusText}, and not in JSON: ${text.slice(0, 300)}`);
  }
}
