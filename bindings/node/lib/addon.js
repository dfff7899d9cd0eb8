// The addon that was built for this machine, with the library inside.

const path = require('node:path');
const { version } = require('../package.json');

const addon = require(path.join(__dirname, '..', 'prebuilds', `${process.platform}-${process.arch}`, 'anchor-events.node'));

if (addon.version !== version) {
    throw new Error(`anchor-events ${version} needs libanchor ${version}, and found ${addon.version}`);
}

module.exports = addon;
