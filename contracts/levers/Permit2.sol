// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {TestToken} from "../tokens/TestToken.sol";

/// A fixture of ours: the allowances and the two kinds of nonces of Permit2, written anew. A permit is signed over the plain
/// hash of its fields; the EIP-712 envelope is left out.
contract LeverPermit2 {
    struct Allowance {
        uint160 amount;
        uint48 expiration;
        uint48 nonce;
    }

    struct Pair {
        address token;
        address spender;
    }

    error InvalidNonce();
    error ExcessiveInvalidation();
    error InsufficientAllowance();
    error InvalidSigner();

    mapping(address => mapping(address => mapping(address => Allowance))) public allowance;
    mapping(address => mapping(uint256 => uint256)) public nonceBitmap;

    function approve(address token, address spender, uint160 amount, uint48 expiration) external {
        Allowance storage a = allowance[msg.sender][token][spender];
        (a.amount, a.expiration) = (amount, expiration);
    }

    function permit(address owner, Pair calldata pair, uint160 amount, uint48 nonce, bytes calldata signature) external {
        bytes32 hash = keccak256(abi.encode(address(this), pair.token, pair.spender, amount, nonce));
        if (signerOf(hash, signature) != owner) revert InvalidSigner();
        Allowance storage a = allowance[owner][pair.token][pair.spender];
        if (a.nonce != nonce) revert InvalidNonce();
        (a.amount, a.expiration, a.nonce) = (amount, type(uint48).max, nonce + 1);
    }

    function transferFrom(address from, address to, uint160 amount, address token) external {
        Allowance storage a = allowance[from][token][msg.sender];
        if (a.amount < amount || block.timestamp > a.expiration) revert InsufficientAllowance();
        a.amount -= amount;
        TestToken(token).transferFrom(from, to, amount);
    }

    function permitTransferFrom(address owner, Pair calldata pair, uint160 amount, uint256 nonce, bytes calldata signature)
        external
    {
        bytes32 hash = keccak256(abi.encode(address(this), pair.token, pair.spender, amount, nonce));
        if (signerOf(hash, signature) != owner) revert InvalidSigner();
        uint256 bit = 1 << (nonce & 0xff);
        uint256 flipped = nonceBitmap[owner][nonce >> 8] ^= bit;
        if (flipped & bit == 0) revert InvalidNonce();
        TestToken(pair.token).transferFrom(owner, pair.spender, amount);
    }

    function lockdown(Pair[] calldata approvals) external {
        for (uint256 i = 0; i < approvals.length; i++) {
            allowance[msg.sender][approvals[i].token][approvals[i].spender].amount = 0;
        }
    }

    function invalidateNonces(address token, address spender, uint48 newNonce) external {
        uint48 old = allowance[msg.sender][token][spender].nonce;
        if (newNonce <= old) revert InvalidNonce();
        if (newNonce - old > type(uint16).max) revert ExcessiveInvalidation();
        allowance[msg.sender][token][spender].nonce = newNonce;
    }

    function invalidateUnorderedNonces(uint256 wordPos, uint256 mask) external {
        nonceBitmap[msg.sender][wordPos] |= mask;
    }

    function signerOf(bytes32 hash, bytes calldata signature) private pure returns (address) {
        return ecrecover(hash, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
    }
}
