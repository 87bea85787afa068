// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Fixtures of ours: the limits of vaults, written anew. A share is one unit of the asset: no lever touches the price.

abstract contract LeverSharesOnly {
    address public owner = msg.sender;
    mapping(address => uint256) public balanceOf;
    uint256 public totalAssets;

    modifier onlyOwner() {
        require(msg.sender == owner, "owner");
        _;
    }

    function pricePerShare() external pure returns (uint256) {
        return 1e18;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function take(uint256 amount) internal {
        balanceOf[msg.sender] += amount;
        totalAssets += amount;
    }

    function give(uint256 amount) internal {
        balanceOf[msg.sender] -= amount;
        totalAssets -= amount;
    }
}

/// @dev The deposit limit and the emergency shutdown of Yearn's Vault.vy 0.4: withdrawals ask for neither.
contract LeverYearnV2 is LeverSharesOnly {
    address public guardian;
    uint256 public depositLimit = type(uint256).max;
    bool public emergencyShutdown;

    constructor(address guardian_) {
        guardian = guardian_;
    }

    function setDepositLimit(uint256 limit) external onlyOwner {
        depositLimit = limit;
    }

    function setEmergencyShutdown(bool active) external {
        require(msg.sender == owner || (active && msg.sender == guardian), "governance, or the guardian to begin it");
        emergencyShutdown = active;
    }

    function deposit(uint256 amount) external {
        require(!emergencyShutdown, "shut down");
        require(totalAssets + amount <= depositLimit, "limit");
        take(amount);
    }

    function withdraw(uint256 amount) external {
        give(amount);
    }
}

/// @dev Zero means no cap, as with many.
contract LeverCappedVault is LeverSharesOnly {
    uint256 public depositCap;
    uint256 public withdrawLimit;

    function setDepositCap(uint256 cap) external onlyOwner {
        depositCap = cap;
    }

    function setWithdrawLimit(uint256 limit) external onlyOwner {
        withdrawLimit = limit;
    }

    function deposit(uint256 amount) external {
        require(depositCap == 0 || totalAssets + amount <= depositCap, "cap");
        take(amount);
    }

    function withdraw(uint256 amount) external {
        require(withdrawLimit == 0 || amount <= withdrawLimit, "limit");
        give(amount);
    }
}
