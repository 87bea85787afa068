// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A pool of ours for Balancer's own v2 vault: it gives and takes what it is told, so that the vault's checks decide.

interface IVaultV2 {
    function registerPool(uint8 specialization) external returns (bytes32);
    function registerTokens(bytes32 id, address[] memory tokens, address[] memory managers) external;
}

contract LeverBalancerPool {
    bytes32 public id;

    constructor(IVaultV2 vault, address a, address b) {
        id = vault.registerPool(0);
        address[] memory tokens = new address[](2);
        (tokens[0], tokens[1]) = a < b ? (a, b) : (b, a);
        vault.registerTokens(id, tokens, new address[](2));
    }

    function getPoolId() external view returns (bytes32) {
        return id;
    }

    function onJoinPool(bytes32, address, address, uint256[] memory, uint256, uint256, bytes memory)
        external
        pure
        returns (uint256[] memory each, uint256[] memory fees)
    {
        (each, fees) = (new uint256[](2), new uint256[](2));
        (each[0], each[1]) = (1e18, 1e18);
    }

    function onExitPool(bytes32, address, address, uint256[] memory, uint256, uint256, bytes memory)
        external
        pure
        returns (uint256[] memory each, uint256[] memory fees)
    {
        (each, fees) = (new uint256[](2), new uint256[](2));
        (each[0], each[1]) = (1e17, 1e17);
    }

    struct Swap {
        uint8 kind;
        address tokenIn;
        address tokenOut;
        uint256 amount;
        bytes32 poolId;
        uint256 lastChangeBlock;
        address from;
        address to;
        bytes userData;
    }

    function onSwap(Swap memory swap, uint256[] memory, uint256, uint256) external pure returns (uint256) {
        return swap.amount;
    }
}
