// What the Relay compiler makes artifacts of. Nothing imports it: without a compiler of JavaScript, `graphql` is a
// name only.
import { graphql } from 'relay-runtime';

export const asset = graphql`
  query historyAssetQuery($slug: String!, $count: Int!) {
    asset(slug: $slug) {
      id
      name
      ...history_asset @arguments(count: $count)
    }
  }
`;

export const history = graphql`
  fragment history_asset on Asset
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "historyPageQuery") {
    records(first: $count, after: $cursor) @connection(key: "history_asset_records") {
      edges {
        node {
          id
          observedAt
          priceUsd
        }
      }
    }
  }
`;

export const newest = graphql`
  query historyNewestQuery($count: Int!) {
    ...history_newest @arguments(count: $count)
  }
`;

export const records = graphql`
  fragment history_newest on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "historyNewestPageQuery") {
    records(first: $count, after: $cursor, filter: { source: ["coingecko"] }) @connection(key: "history_newest_records", filters: ["filter"]) {
      edges {
        node {
          id
          asset {
            name
          }
        }
      }
    }
  }
`;
