//! Sets of which it is known what is not in them.

/// The number of bits of a block, which is one line of a processor's cache.
const BLOCK_BITS: u64 = 512;

/// The number of bits by which a member is known, all of one block.
const BITS_OF_ONE: u32 = 7;

/// The number of members for which there is room in a block. One in a hundred others is taken for a member then.
const MEMBERS_OF_BLOCK: usize = 40;

/// The number of blocks of the first layer, 8 KiB; the one after it has four times as many, and so on.
const FIRST_BLOCKS: usize = 128;

/// Maximum number of layers, which take 11 MiB together and have room for 7 million members. If there are more, more others are taken for members.
const MOST_LAYERS: usize = 6;

/// A Bloom filter of hashes, which grows. What it does not hold was never added; of what it does hold that is likely, and has to be looked up.
#[derive(Debug, Default)]
pub(super) struct Filter {
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    blocks: Vec<[u64; 8]>,
    /// The number of members that are still to be added before the next layer is begun.
    room: usize,
}

impl Filter {
    /// Adds a member.
    pub(super) fn add(&mut self, hash: u64) {
        if self.layers.last().is_none_or(|layer| layer.room == 0) && self.layers.len() < MOST_LAYERS {
            let blocks = FIRST_BLOCKS << (2 * self.layers.len());
            self.layers.push(Layer { blocks: vec![[0; 8]; blocks], room: blocks * MEMBERS_OF_BLOCK });
        }
        if let Some(layer) = self.layers.last_mut() {
            layer.room = layer.room.saturating_sub(1);
            if let Some(block) = block_of(hash, layer.blocks.len()).and_then(|at| layer.blocks.get_mut(at)) {
                block.iter_mut().zip(mask(hash)).for_each(|(word, bits)| *word |= bits);
            }
        }
    }

    /// False if it was never added.
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let mask = mask(hash);
        // The last one has most of them.
        self.layers.iter().rev().any(|layer| {
            let block = block_of(hash, layer.blocks.len()).and_then(|at| layer.blocks.get(at));
            block.is_none_or(|block| block.iter().zip(mask).all(|(word, bits)| word & bits == bits))
        })
    }
}

/// The place of a member's block among so many, by the upper half of its hash.
fn block_of(hash: u64, blocks: usize) -> Option<usize> {
    let place = u64::try_from(blocks).ok()?.checked_mul(hash >> 32)? >> 32;
    usize::try_from(place).ok()
}

/// The bits of a member in its block, by the whole of its hash, scattered once more.
fn mask(hash: u64) -> [u64; 8] {
    let mut mask = [0u64; 8];
    let mut rest = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..BITS_OF_ONE {
        let bit = rest % BLOCK_BITS;
        if let Some(word) = usize::try_from(bit / 64).ok().and_then(|word| mask.get_mut(word)) {
            *word |= 1 << (bit % 64);
        }
        rest >>= BLOCK_BITS.ilog2();
    }
    mask
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn what_was_added_may_be_there_and_little_else() {
        let mut filter = Filter::default();
        assert!(!filter.may_hold(0));
        let hashes = RandomState::new();
        for count in [10u32, 1000, 10_000, 200_000] {
            (0..count).for_each(|no| filter.add(hashes.hash_one(no)));
            assert!((0..count).all(|no| filter.may_hold(hashes.hash_one(no))));
            let others = (count..2 * count).filter(|no| filter.may_hold(hashes.hash_one(no))).count();
            assert!(others * 20 <= count as usize, "{others} of {count}");
        }
        let bytes: usize = filter.layers.iter().map(|layer| layer.blocks.len() * 64).sum();
        assert!(filter.layers.len() == 4 && bytes < 1 << 20, "{bytes}");
    }
}
