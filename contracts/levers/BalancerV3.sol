// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the checks of Balancer v3's Vault and VaultAdmin, written anew. As there, what governs the vault answers
// through its fallback. Amounts are counters.

abstract contract LeverVaultStorage {
    address internal authority;
    bool internal isPaused;
    mapping(address => bool) internal poolPaused;
    mapping(address => bool) internal inRecovery;
    mapping(address => address) internal pauseManager;
    uint32 internal windowEnd;
    uint32 internal bufferEnd;

    function vaultPaused() internal view returns (bool) {
        return block.timestamp <= bufferEnd && isPaused;
    }

    function isOpen(address pool) internal view returns (bool) {
        return !vaultPaused() && !(block.timestamp <= bufferEnd && poolPaused[pool]);
    }
}

contract LeverVaultAdminV3 is LeverVaultStorage {
    modifier authenticate() {
        require(msg.sender == authority, "SenderNotAllowed");
        _;
    }

    function getVaultPausedState() external view returns (bool, uint32, uint32) {
        return (vaultPaused(), windowEnd, bufferEnd);
    }

    function getPoolPausedState(address pool) external view returns (bool, uint32, uint32, address) {
        return (block.timestamp <= bufferEnd && poolPaused[pool], windowEnd, bufferEnd, pauseManager[pool]);
    }

    function isPoolInRecoveryMode(address pool) external view returns (bool) {
        return inRecovery[pool];
    }

    function pauseVault() external authenticate {
        require(!vaultPaused(), "VaultPaused");
        require(block.timestamp < windowEnd, "VaultPauseWindowExpired");
        isPaused = true;
    }

    function unpauseVault() external authenticate {
        require(vaultPaused(), "VaultNotPaused");
        isPaused = false;
    }

    function pausePool(address pool) external {
        require(msg.sender == pauseManager[pool] || msg.sender == authority, "SenderNotAllowed");
        require(!poolPaused[pool], "PoolPaused");
        require(block.timestamp < windowEnd, "PoolPauseWindowExpired");
        poolPaused[pool] = true;
    }

    function unpausePool(address pool) external {
        require(msg.sender == pauseManager[pool] || msg.sender == authority, "SenderNotAllowed");
        require(poolPaused[pool], "PoolNotPaused");
        poolPaused[pool] = false;
    }

    function enableRecoveryMode(address pool) external {
        require(!inRecovery[pool], "PoolInRecoveryMode");
        require(!isOpen(pool) || msg.sender == authority, "SenderNotAllowed");
        inRecovery[pool] = true;
    }

    function disableRecoveryMode(address pool) external authenticate {
        require(inRecovery[pool], "PoolNotInRecoveryMode");
        inRecovery[pool] = false;
    }

    function removeLiquidityRecovery(address pool) external view {
        require(inRecovery[pool], "PoolNotInRecoveryMode");
    }
}

contract LeverVaultV3 is LeverVaultStorage {
    address private immutable admin = address(new LeverVaultAdminV3());

    constructor(address pool, address manager, uint32 window, uint32 buffer) {
        authority = msg.sender;
        pauseManager[pool] = manager;
        windowEnd = uint32(block.timestamp) + window;
        bufferEnd = windowEnd + buffer;
    }

    modifier whenOpen(address pool) {
        require(isOpen(pool), "VaultPaused or PoolPaused");
        _;
    }

    function getVaultExtension() external view returns (address) {
        return admin;
    }

    function unlock(bytes calldata) external pure {}

    function settle(address, uint256) external pure {}

    function addLiquidity(address pool) external view whenOpen(pool) {}

    function removeLiquidity(address pool) external view whenOpen(pool) {}

    function swap(address pool) external view whenOpen(pool) {}

    fallback() external {
        address to = admin;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), to, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
