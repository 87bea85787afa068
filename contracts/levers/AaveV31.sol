// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A fixture of ours: the pause of Aave v3.1 and later with its grace period, which core-v3 1.19.3 does not have. Pool,
/// addresses provider and configurator in one.
contract LeverAaveV31 {
    uint40 public constant MAX_GRACE_PERIOD = 4 hours;
    uint256 private constant PAUSED = 1 << 60;
    address public immutable asset;
    address public immutable admin = msg.sender;
    uint256 private configuration = 1 << 56;
    uint40 public liquidationGracePeriodUntil;

    constructor(address listed) {
        asset = listed;
    }

    function ADDRESSES_PROVIDER() external view returns (address) {
        return address(this);
    }

    function getPoolConfigurator() external view returns (address) {
        return address(this);
    }

    function getReservesList() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = asset;
    }

    function getConfiguration(address) external view returns (uint256) {
        return configuration;
    }

    function setReservePause(address, bool paused) external {
        set(paused, 0);
    }

    function setReservePause(address, bool paused, uint40 grace) external {
        set(paused, grace);
    }

    function setPoolPause(bool paused) external {
        set(paused, 0);
    }

    function setPoolPause(bool paused, uint40 grace) external {
        set(paused, grace);
    }

    function set(bool paused, uint40 grace) private {
        require(msg.sender == admin && grace <= MAX_GRACE_PERIOD);
        configuration = paused ? configuration | PAUSED : configuration & ~PAUSED;
        if (!paused && grace != 0) liquidationGracePeriodUntil = uint40(block.timestamp) + grace;
    }
}
