#!/usr/bin/env node
// The program `meanwhile`. It stands here uncompiled because npm links only programs that are there when it installs.
import "../dist/bin.js";
