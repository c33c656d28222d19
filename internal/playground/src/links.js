// A link to the playground can carry a query: /playground?query=...&variables=... It is shown, never run by itself.
export function linkedQuery() {
  const params = new URLSearchParams(location.search);
  return { query: params.get('query') ?? undefined, variables: params.get('variables') ?? undefined };
}

export function linkTo(query, variables) {
  const params = new URLSearchParams({ query });
  if (variables?.trim()) params.set('variables', variables);
  return `${location.origin}${location.pathname}?${params}`;
}
