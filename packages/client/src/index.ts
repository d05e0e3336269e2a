// The typed client of meanwhile, for Node and browsers.
export {};
