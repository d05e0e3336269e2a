// The channels of meanwhile, one folder per protocol.
export {};
