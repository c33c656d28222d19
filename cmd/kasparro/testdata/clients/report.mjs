// What the scripts have in common: where the service is, who asks, and how they tell what they see.

export const { URL: url, API_KEY: key } = process.env;

// say prints one JSON line for the test.
export const say = (seen) => console.log(JSON.stringify(seen));

// within fails when the promise takes longer than two minutes.
export const within = (what, promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within two minutes`)), 120_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
